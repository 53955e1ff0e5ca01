package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import java.nio.ByteBuffer;

/**
 * A guest's program that writes the numbers 1, 2, 3 …, each durably to the root disk and then to the data disk, at the start of both.
 * In every consistent point in time of both disks, root − data is 0 or 1.
 *
 * <p>One step is half a number, so that a test can stop in between. For one thread at a time.
 */
public final class SimulatedSequence {
    private final SimulatedGuest guest;
    private final String rootDevice;
    private final String dataDevice;
    private long steps;

    SimulatedSequence(SimulatedGuest guest, String rootDevice, String dataDevice) {
        this.guest = guest;
        this.rootDevice = rootDevice;
        this.dataDevice = dataDevice;
    }

    /**
     * Writes the next half.
     *
     * @return how many halves have been written in all
     * @throws SnapshotException CONFLICT if the guest cannot write now; the half is written by the next step that can
     */
    public long step() {
        long number = steps / 2 + 1;
        guest.write(
                steps % 2 == 0 ? rootDevice : dataDevice,
                0,
                ByteBuffer.allocate(Long.BYTES).putLong(number).array());
        return ++steps;
    }

    /** The number that a disk holds. */
    public static long number(BlockSource disk) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES);
        disk.read(0, bytes);
        return bytes.flip().getLong();
    }

    /**
     * How many numbers the data disk is behind the root disk.
     *
     * @return 0 or 1 if the two are of one point in time and no write was lost
     */
    public static long lag(BlockSource root, BlockSource data) {
        return Math.subtractExact(number(root), number(data));
    }
}
