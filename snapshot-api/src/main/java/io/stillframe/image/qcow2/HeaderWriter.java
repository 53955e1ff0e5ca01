package io.stillframe.image.qcow2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes a version 3 header ("Header", "Header extensions"). Stateless. */
final class HeaderWriter {
    /** Bytes of the file that the header needs; fits into the smallest cluster. */
    static final int LENGTH = 512;

    private static final byte INCOMPATIBLE = 0;

    private HeaderWriter() {}

    static ByteBuffer write(WriterOptions options, HostStream.Tail tail) {
        boolean zstd = options.method() == WriterOptions.Method.ZSTD;
        ByteBuffer header = ByteBuffer.allocate(LENGTH);
        header.putInt(Qcow2Header.MAGIC).putInt(3);
        header.putLong(0).putInt(0); // no backing file
        header.putInt(options.geometry().clusterBits());
        header.putLong(options.roundedSize());
        header.putInt(0); // not encrypted
        header.putInt(options.l1Entries()).putLong(tail.l1Offset());
        header.putLong(tail.refcountTableOffset()).putInt(tail.refcountTableClusters());
        header.putInt(0).putLong(0); // no snapshots
        header.putLong(zstd ? Features.COMPRESSION_TYPE : 0).putLong(0).putLong(0);
        header.putInt(HostStream.REFCOUNT_ORDER).putInt(Qcow2Header.LENGTH_WITH_COMPRESSION);
        header.put((byte) options.method().type().code()).put(new byte[7]);
        if (zstd) {
            putFeatureName(header, Features.COMPRESSION_TYPE, "compression type");
        }
        if (options.virtualSize() != options.roundedSize()) {
            header.putInt(Qcow2Header.EXTENSION_EXACT_SIZE).putInt(Long.BYTES).putLong(options.virtualSize());
        }
        header.putInt(Qcow2Header.EXTENSION_END).putInt(0);
        return header.clear();
    }

    /** Lets a program that is too old for the feature say what it lacks. */
    private static void putFeatureName(ByteBuffer header, long feature, String name) {
        header.putInt(Qcow2Header.EXTENSION_FEATURE_NAMES).putInt(Qcow2Header.FEATURE_NAME_ENTRY);
        header.put(INCOMPATIBLE).put((byte) Long.numberOfTrailingZeros(feature));
        int start = header.position();
        header.put(name.getBytes(StandardCharsets.US_ASCII));
        header.position(start + Qcow2Header.FEATURE_NAME_ENTRY - 2);
    }
}
