package io.stillframe.image.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/** Puts a mutated image's checksums right, which no mutation would hit. Stateless. */
final class ChecksumRepair {
    private static final long UNSIGNED = 0xFFFF_FFFFL;

    private ChecksumRepair() {}

    /** The repair for a format; none if it has no checksums or is not known. */
    static Consumer<SparseBytes> of(String format) {
        return switch (format) {
            case "zstd" -> ChecksumRepair::zstd;
            case "vhd", "vhd-fixed" -> ChecksumRepair::vhd;
            case "vhdx" -> ChecksumRepair::vhdx;
            default -> image -> {};
        };
    }

    /** The index behind the frames: CRC-32C of the seek table frame, then CRC-32C of itself. */
    private static void zstd(SparseBytes image) {
        long entries = number(image, image.size() - 9, Integer.BYTES, ByteOrder.LITTLE_ENDIAN) & UNSIGNED;
        long table = 8 + entries * 8 + 9;
        long index = image.size() - table - (8 + 8 + 4 + 4 + 8 + 4 + (entries + 6) / 8 + 4);
        if (entries == 0 || index < 0 || table > 1 << 20) {
            return;
        }
        int length = (int) (image.size() - table - index);
        putCrc(image, image.size() - table, (int) table, index + 32);
        putCrc(image, index, length - Integer.BYTES, index + length - Integer.BYTES);
    }

    private static void putCrc(SparseBytes image, long from, int length, long to) {
        put(image, to, crc(image.get(from, length)), ByteOrder.LITTLE_ENDIAN);
    }

    /** Footer, its copy, and the dynamic header: the complement of the sum of their bytes. */
    private static void vhd(SparseBytes image) {
        putSum(image, image.size() - 512, 512, 64);
        putSum(image, 0, 512, 64);
        long header = number(image, 16, Long.BYTES, ByteOrder.BIG_ENDIAN);
        if (header > 0) {
            putSum(image, header, 1024, 36);
        }
    }

    private static void putSum(SparseBytes image, long at, int length, int field) {
        if (at < 0 || at > image.size() - length) {
            return;
        }
        int sum = 0;
        byte[] bytes = image.get(at, length);
        for (int i = 0; i < length; i++) {
            sum += i >= field && i < field + Integer.BYTES ? 0 : bytes[i] & 0xff;
        }
        put(image, at + field, ~sum, ByteOrder.BIG_ENDIAN);
    }

    /** Both headers, both region tables, and every entry of the log where the first header says that it lies. */
    private static void vhdx(SparseBytes image) {
        putField(image, 64 << 10, 4 << 10);
        putField(image, 128 << 10, 4 << 10);
        putField(image, 192 << 10, 64 << 10);
        putField(image, 256 << 10, 64 << 10);
        long length = number(image, (64 << 10) + 68, Integer.BYTES, ByteOrder.LITTLE_ENDIAN) & UNSIGNED;
        long log = number(image, (64 << 10) + 72, Long.BYTES, ByteOrder.LITTLE_ENDIAN);
        for (long at = log; log > 0 && at < log + Math.min(length, 1 << 20); at += 4096) {
            long entry = number(image, at + 8, Integer.BYTES, ByteOrder.LITTLE_ENDIAN) & UNSIGNED;
            boolean signed = number(image, at, Integer.BYTES, ByteOrder.LITTLE_ENDIAN) == 0x65676f6c;
            if (signed && entry >= 4096 && entry <= 1 << 20) {
                putField(image, at, (int) entry);
            }
        }
    }

    /** A CRC-32C in bytes 4 to 7 of what it is of, counted as zeros. */
    private static void putField(SparseBytes image, long at, int length) {
        if (at > image.size() - length) {
            return;
        }
        byte[] bytes = image.get(at, length);
        ByteBuffer.wrap(bytes).putInt(4, 0);
        put(image, at + 4, crc(bytes), ByteOrder.LITTLE_ENDIAN);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }

    private static long number(SparseBytes image, long at, int length, ByteOrder order) {
        if (at < 0 || at > image.size() - length) {
            return 0;
        }
        ByteBuffer bytes = ByteBuffer.wrap(image.get(at, length)).order(order);
        return length == Integer.BYTES ? bytes.getInt() : bytes.getLong();
    }

    private static void put(SparseBytes image, long at, int value, ByteOrder order) {
        image.put(
                at,
                ByteBuffer.allocate(Integer.BYTES).order(order).putInt(value).array());
    }
}
