package io.stillframe.spi.contract;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import java.nio.ByteBuffer;
import java.util.Random;

/** Disks with random content that a seed determines: compressible, random and zero data, known zeros, holes, nothing aligned. */
public final class SeededDisk {
    private static final int LONGEST_RUN = 700_000;

    private SeededDisk() {}

    /** A disk that is filled from end to end; meant for small sizes. */
    public static MemoryBlockSource dense(long size, long seed) {
        Random random = new Random(seed);
        MemoryBlockSource.Builder disk = MemoryBlockSource.builder(size);
        for (long at = 0; at < size; ) {
            at = addRun(disk, at, (int) Math.min(size - at, 1 + random.nextInt(LONGEST_RUN)), random);
        }
        return disk.build();
    }

    /** A disk of any size with few islands of data, some of them at the very start and end. */
    public static MemoryBlockSource sparse(long size, int islands, long seed) {
        Random random = new Random(seed);
        MemoryBlockSource.Builder disk = MemoryBlockSource.builder(size);
        long stride = size / islands;
        for (int i = 0; i < islands; i++) {
            int length = 1 + random.nextInt((int) Math.min(LONGEST_RUN, stride));
            long start = i == 0 ? 0 : i * stride + random.nextLong(stride - length + 1);
            addRun(disk, i == islands - 1 ? size - length : start, length, random);
        }
        return disk.build();
    }

    private static long addRun(MemoryBlockSource.Builder disk, long at, int length, Random random) {
        switch (random.nextInt(6)) {
            case 0 -> disk.zeros(ByteRange.ofLength(at, length));
            case 1 -> disk.data(at, new byte[length]);
            case 2 -> disk.data(at, random(length, random));
            case 3, 4 -> disk.data(at, compressible(length, random));
            default -> { // a hole
            }
        }
        return at + length;
    }

    private static byte[] random(int length, Random random) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] compressible(int length, Random random) {
        byte[] bytes = new byte[length];
        byte[] word = random(1 + random.nextInt(40), random);
        for (int i = 0; i < length; i++) {
            bytes[i] = random.nextInt(50) == 0 ? (byte) random.nextInt() : word[i % word.length];
        }
        return bytes;
    }

    /** Reads a range of a disk. */
    public static byte[] bytes(BlockSource disk, ByteRange range) {
        ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(range.length()));
        disk.read(range.start(), buffer);
        if (buffer.hasRemaining()) {
            throw new AssertionError("a read left " + buffer.remaining() + " bytes unfilled");
        }
        return buffer.array();
    }
}
