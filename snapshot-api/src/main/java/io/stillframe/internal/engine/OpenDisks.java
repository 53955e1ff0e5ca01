package io.stillframe.internal.engine;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.Extent;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The disks of one point in time, open for reading; closed together, before it is given up. */
final class OpenDisks implements AutoCloseable {
    private final Map<String, BlockSource> disks = new LinkedHashMap<>();
    private long dataBytes;

    private OpenDisks() {}

    /**
     * Opens every disk and walks its tables.
     *
     * @param opening gives a device's content
     * @throws SnapshotException CORRUPT if a disk's size is not the planned one
     */
    static OpenDisks open(
            List<CapturePlan.Disk> planned, Function<String, BlockSource> opening, Cancellation cancellation) {
        OpenDisks result = new OpenDisks();
        try {
            for (CapturePlan.Disk disk : planned) {
                cancellation.check();
                BlockSource source = opening.apply(disk.device());
                result.disks.put(disk.device(), source);
                if (source.size() != disk.virtualSize()) {
                    throw SnapshotException.corrupt("disk " + disk.device() + " is held with " + source.size()
                            + " bytes, but was planned with " + disk.virtualSize());
                }
                result.dataBytes += dataBytes(source, cancellation);
            }
            return result;
        } catch (RuntimeException | Error e) {
            result.close();
            throw e;
        }
    }

    BlockSource of(String device) {
        BlockSource source = disks.get(device);
        if (source == null) {
            throw SnapshotException.corrupt(
                    "the record names disk " + device + ", the capture plan has " + disks.keySet());
        }
        return source;
    }

    /** Bytes that hold data and are to be read, over all disks. */
    long dataBytes() {
        return dataBytes;
    }

    @Override
    public void close() {
        disks.values().forEach(BlockSource::close);
    }

    private static long dataBytes(BlockSource source, Cancellation cancellation) {
        long bytes = 0;
        Iterator<Extent> extents = source.extents(new ByteRange(0, source.size()));
        while (extents.hasNext()) {
            cancellation.check();
            Extent extent = extents.next();
            bytes += extent.isData() ? extent.range().length() : 0;
        }
        return bytes;
    }
}
