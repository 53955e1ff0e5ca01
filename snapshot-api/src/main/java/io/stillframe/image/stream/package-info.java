/**
 * A raw disk compressed as a stream, in the formats whose stock tools restore it: {@code gzip} (RFC 1952), {@code lz4} (LZ4 frame format
 * 1.6) and {@code xz} (.xz format 1.2). Every chunk is a member, frame or block of its own, so that encoding and decoding run in parallel
 * and any range can be read in place. Streams by other writers are read too, where they cannot be read in place front to back.
 */
@NullMarked
package io.stillframe.image.stream;

import org.jspecify.annotations.NullMarked;
