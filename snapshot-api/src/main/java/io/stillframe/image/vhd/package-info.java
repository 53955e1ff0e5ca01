/**
 * The VHD disk-image format of Virtual PC, Hyper-V, Azure and XenServer: a reader, one-pass writers and a checker. Sections named in comments
 * are those of Microsoft's "Virtual Hard Disk Image Format Specification", version 1.0.
 */
@NullMarked
package io.stillframe.image.vhd;

import org.jspecify.annotations.NullMarked;
