package io.stillframe.internal.image;

import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/**
 * A chunk that is stored as it is.
 *
 * @param checksum CRC-32C of the bytes
 */
public record PlainChunk(long position, int rawLength, ByteBuffer bytes, int checksum) implements EncodedChunk {}
