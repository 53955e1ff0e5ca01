package io.stillframe.internal.frame;

import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/**
 * One encoded frame.
 *
 * @param padding how many of the last stored bytes the format does not count as the frame's
 */
public record Frame(long position, int rawLength, ByteBuffer bytes, int padding) implements EncodedChunk {}
