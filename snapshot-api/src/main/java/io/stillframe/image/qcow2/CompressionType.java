package io.stillframe.image.qcow2;

import io.stillframe.model.SnapshotException;

/** How an image's compressed clusters are compressed ("Header", compression_type). */
enum CompressionType {
    /** Raw deflate, RFC 1951, without any header. */
    ZLIB("zlib", 0),
    /** Zstandard frames, RFC 8878. */
    ZSTD("zstd", 1);

    private final String text;
    private final int code;

    CompressionType(String text, int code) {
        this.text = text;
        this.code = code;
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
        return code;
    }

    @Override
    public String toString() {
        return text;
    }
}
