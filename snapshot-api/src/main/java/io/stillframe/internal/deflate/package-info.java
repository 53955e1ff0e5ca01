/** Decompression of DEFLATE data (RFC 1951) that is completely in memory. */
@NullMarked
package io.stillframe.internal.deflate;

import org.jspecify.annotations.NullMarked;
