/**
 * The front door: {@link io.stillframe.SnapshotService} takes snapshots of instances, stores them, keeps them and launches new
 * instances from them. It speaks in the words of {@code io.stillframe.model} and is assembled from plugins of
 * {@code io.stillframe.spi}.
 */
@NullMarked
package io.stillframe;

import org.jspecify.annotations.NullMarked;
