package io.stillframe.image.pack;

/**
 * Where a chunk's frame lies.
 *
 * @param pack 0 for the file itself, else a number of its table of packs, from 1
 * @param offset in that pack
 * @param stored bytes of the frame
 * @param raw bytes of disk in it
 * @param checksum CRC32C of the stored bytes
 */
record StoredChunk(int pack, long offset, int stored, int raw, int checksum) {
    /** The file that says so. */
    static final int SELF = 0;

    long end() {
        return offset + stored;
    }
}
