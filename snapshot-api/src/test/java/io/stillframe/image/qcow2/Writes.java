package io.stillframe.image.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/** Seeded random guest writes as commands of qemu-io. */
public final class Writes {
    private static final int SECTOR = 512;

    private final Random random;
    private final long size;
    private final int clusterSize;
    private final boolean compressed;

    /** @param compressed whether whole clusters may be written compressed */
    public Writes(long seed, long size, int clusterSize, boolean compressed) {
        this.random = new Random(seed);
        this.size = size;
        this.clusterSize = clusterSize;
        this.compressed = compressed;
    }

    /** Compressed clusters come first: QEMU does not compress over what is allocated. */
    public List<String> commands(int count) {
        List<String> commands = new ArrayList<>();
        if (compressed) {
            Set<Long> clusters = new TreeSet<>();
            for (int i = 0; i < count / 3 && size >= clusterSize; i++) {
                clusters.add(random.nextLong(size / clusterSize));
            }
            clusters.forEach(cluster -> commands.add(
                    "write -c -P " + (1 + random.nextInt(255)) + " " + cluster * clusterSize + " " + clusterSize));
        }
        while (commands.size() < count) {
            commands.add(command());
        }
        return commands;
    }

    private String command() {
        int pattern = 1 + random.nextInt(255);
        return switch (random.nextInt(6)) {
            case 0 -> "write -z " + range(SECTOR, 4);
            case 1 -> "write -z " + range(clusterSize, 8);
            case 2 -> "discard " + range(clusterSize, 4);
            case 3 -> "write -P " + pattern + " " + range(clusterSize, 3);
            default -> "write -P " + pattern + " " + range(SECTOR, 200);
        };
    }

    /** A range of up to {@code most} units. */
    private String range(int unit, int most) {
        long units = Math.max(1, size / unit);
        long start = random.nextLong(units) * unit;
        long length = Math.min((1 + random.nextInt(most)) * (long) unit, size - start);
        return start + " " + length;
    }
}
