/** Holding a point in time by overlays, reading it, and giving it up again without losing a write. */
@NullMarked
package io.stillframe.libvirt.internal.capture;

import org.jspecify.annotations.NullMarked;
