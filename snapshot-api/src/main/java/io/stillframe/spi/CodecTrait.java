package io.stillframe.spi;

/** What a codec can do. */
public enum CodecTrait {
    /** {@link ImageCodec#open} works. */
    READ,
    /** {@link ImageCodec#newWriter} works. */
    WRITE,
    /** A written image can be read at any place without reading what is before it. */
    RANDOM_ACCESS,
    /** The image is written front to back: its head length is 0, so that it can go to a pipe. */
    PIPE,
    /** {@link ImageCodec#decode} works: the disk can be read front to back, so that the image can come through a pipe. */
    SEQUENTIAL,
    /** Zeros of the disk take space in the image as data does, so that it is as long as the disk. */
    STORES_ZEROS
}
