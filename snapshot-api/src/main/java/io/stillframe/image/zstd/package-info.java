/**
 * The {@code zstd} format: a raw disk as independent Zstandard frames (RFC 8878) with the seek table of the Zstandard seekable format
 * 0.1.0, so that stock {@code zstd -d} restores the disk and any range can be read without what is before it.
 */
@NullMarked
package io.stillframe.image.zstd;

import org.jspecify.annotations.NullMarked;
