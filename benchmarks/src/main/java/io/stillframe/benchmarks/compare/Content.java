package io.stillframe.benchmarks.compare;

/** Bytes without end, the same for the same seed. */
interface Content {
    /** Fills the block with what comes next. */
    void fill(byte[] block);
}
