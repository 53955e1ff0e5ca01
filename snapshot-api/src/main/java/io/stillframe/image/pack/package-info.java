/**
 * The {@code pack} container: a disk as independent Zstandard frames with a paged, checksummed index, and the manifest that says, for
 * every chunk of every disk of a snapshot, in which pack it lies. A pack that holds a whole disk is a valid {@code .zst} of it.
 */
@NullMarked
package io.stillframe.image.pack;

import org.jspecify.annotations.NullMarked;
