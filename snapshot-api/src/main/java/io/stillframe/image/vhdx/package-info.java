/**
 * The VHDX disk-image format of Hyper-V: a reader that replays a dirty log in memory, a one-pass writer and a checker. Sections named in comments
 * are those of Microsoft's "[MS-VHDX]: Virtual Hard Disk v2 (VHDX) File Format". All numbers are little-endian.
 */
@NullMarked
package io.stillframe.image.vhdx;

import org.jspecify.annotations.NullMarked;
