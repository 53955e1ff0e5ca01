/**
 * The qcow2 disk-image format: a reader for everything that QEMU writes, a one-pass streaming writer, and a checker. Sections named
 * in comments are those of QEMU's {@code docs/interop/qcow2}, the format's specification.
 */
@NullMarked
package io.stillframe.image.qcow2;

import org.jspecify.annotations.NullMarked;
