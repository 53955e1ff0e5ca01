/**
 * VMware's VMDK disk-image format: a reader for single-file sparse and stream-optimized images, a one-pass streaming writer of
 * stream-optimized ones, and a checker. Sections named in comments are those of "VMware Virtual Disk Format 5.0", the format's
 * specification.
 */
@NullMarked
package io.stillframe.image.vmdk;

import org.jspecify.annotations.NullMarked;
