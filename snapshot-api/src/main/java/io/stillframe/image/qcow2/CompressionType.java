package io.stillframe.image.qcow2;

import io.stillframe.model.SnapshotException;

/** How an image's compressed clusters are compressed ("Header", compression_type). */
enum CompressionType {
    /** Raw deflate, RFC 1951, without any header. */
    ZLIB("zlib"),
    /** Zstandard frames, RFC 8878. */
    ZSTD("zstd");

    private final String text;

    CompressionType(String text) {
        this.text = text;
    }

    static CompressionType ofCode(int code) {
        return switch (code) {
            case 0 -> ZLIB;
            case 1 -> ZSTD;
            default ->
                throw SnapshotException.unsupported(
                        "qcow2 compression type " + code + " is not known; known are 0 (zlib) and 1 (zstd)");
        };
    }

    int code() {
        return ordinal();
    }

    @Override
    public String toString() {
        return text;
    }
}
