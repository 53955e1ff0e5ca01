package io.stillframe.image.vmdk;

import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/** A chunk's grains that are not zero, each with its marker and filled up to a sector, one behind the other in its bytes. */
final class VmdkChunk implements EncodedChunk {
    private final long position;
    private final int rawLength;
    private final ByteBuffer bytes;
    private final int[] sectors;

    /** @param sectors of the file that each grain takes, 0 if it is zero; not copied */
    VmdkChunk(long position, int rawLength, ByteBuffer bytes, int[] sectors) {
        this.position = position;
        this.rawLength = rawLength;
        this.bytes = bytes;
        this.sectors = sectors;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public int rawLength() {
        return rawLength;
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    int grains() {
        return sectors.length;
    }

    /** Sectors of the file that a grain takes, 0 if it is zero. */
    int sectors(int grain) {
        return sectors[grain];
    }
}
