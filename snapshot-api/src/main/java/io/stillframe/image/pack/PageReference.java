package io.stillframe.image.pack;

/**
 * What a directory says of a page.
 *
 * @param offset where its frame begins in the file
 * @param length bytes of its frame
 * @param checksum CRC32C of its frame, which the frame ends with
 * @param first its first chunk
 * @param chunks how many chunks it tells of
 * @param stored how many of them are stored somewhere
 */
record PageReference(long offset, int length, int checksum, int first, int chunks, int stored) {
    int end() {
        return first + chunks;
    }
}
