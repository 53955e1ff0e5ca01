/** Finds the holes of sparse files on Linux. */
@NullMarked
package io.stillframe.libvirt.sparse;

import org.jspecify.annotations.NullMarked;
