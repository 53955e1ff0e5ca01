package io.stillframe.image.vmdk;

import io.stillframe.internal.deflate.Inflate;
import io.stillframe.internal.deflate.ZlibStream;
import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/**
 * Reads runs of compressed grains that lie behind one another in the file: one read for many grains, each inflated straight into the
 * caller's buffer where it fits. The last grain that was needed only in part is kept, for readers that go forward in small steps. Owns
 * native memory: 512 KiB, or two grains and a marker if that is more, for what is read, and one grain; and heap: 20 KiB of tables, one grain, and
 * what the longest compressed one has, at most two. For one thread at a time.
 */
final class GrainReader implements ReaderPool.Reader {
    private static final int SMALLEST_SPAN = 512 * 1024;
    private static final int MOST_GRAINS = 1024;
    private static final long NONE = -1;

    private final ByteSource image;
    private final VmdkLayout layout;
    private final ZlibStream zlib = new ZlibStream();
    private final DirectMemory memory = new DirectMemory();
    private final ByteBuffer fetched;
    private final ByteBuffer grain;
    private final Mapping[] run = new Mapping[MOST_GRAINS];
    private int runLength;
    private long fetchedFrom;
    private long keptHost = NONE;

    GrainReader(ByteSource image, VmdkLayout layout) {
        this.image = image;
        this.layout = layout;
        int most = Marker.GRAIN_LENGTH + layout.mostCompressed();
        this.fetched = memory.allocate((int) Math.min(image.size(), Math.max(SMALLEST_SPAN, most)));
        this.grain = memory.allocate(layout.grainSize());
        this.fetched.limit(0);
    }

    /** Whether the grain whose marker is there is kept. */
    boolean keeps(long host) {
        return host == keptHost;
    }

    /** Starts a run with its first grain. */
    void start(Mapping first) {
        runLength = 0;
        run[runLength++] = first;
    }

    /** Adds the next grain of the run if it follows in the file and what is read at once still holds it. */
    boolean follows(Mapping next) {
        Mapping last = run[runLength - 1];
        boolean fits = runLength < MOST_GRAINS
                && next.kind() == Mapping.Kind.COMPRESSED
                && next.host() == last.hostEnd()
                && next.hostEnd() - run[0].host() <= fetched.capacity();
        if (fits) {
            run[runLength++] = next;
        }
        return fits;
    }

    /** Inflates the run into {@code target}, which has room for exactly that or more. */
    void decode(ByteBuffer target) {
        if (runLength > 1 || !keeps(run[0].host())) {
            fetch(run[0].host(), (int) (run[runLength - 1].hostEnd() - run[0].host()));
        }
        for (int i = 0; i < runLength; i++) {
            decode(run[i], target);
        }
    }

    private void decode(Mapping mapping, ByteBuffer target) {
        int length = (int) mapping.length();
        if (length == layout.grainSize() && target.isDirect() && !keeps(mapping.host())) {
            int limit = target.limit();
            inflate(mapping, target.limit(target.position() + length));
            target.limit(limit);
            return;
        }
        if (!keeps(mapping.host())) {
            keptHost = NONE;
            inflate(mapping, grain.clear());
            keptHost = mapping.host();
        }
        int from = (int) mapping.start() & (layout.grainSize() - 1);
        target.put(target.position(), grain, from, length);
        target.position(target.position() + length);
    }

    /** Fills {@code into}, which has room for a grain; only the disk's last one may be shorter, and is then filled up with zeros. */
    private void inflate(Mapping mapping, ByteBuffer into) {
        ByteBuffer data = data(mapping);
        int start = into.position();
        if (zlib.decode(data, into) != Inflate.Outcome.ENDED || into.position() - start < needed(mapping)) {
            throw broken(mapping);
        }
        while (into.hasRemaining()) {
            into.put((byte) 0);
        }
    }

    private long needed(Mapping mapping) {
        long start = mapping.start() & -(long) layout.grainSize();
        return Math.min(layout.grainSize(), layout.size() - start);
    }

    private SnapshotException broken(Mapping mapping) {
        return SnapshotException.corrupt(
                image.describe() + ": the compressed grain for disk position " + mapping.start() + ", at "
                        + mapping.host() + " in the file, cannot be inflated to " + layout.grainSize() + " bytes");
    }

    /** The grain's compressed data, read if it is not yet. */
    private ByteBuffer data(Mapping mapping) {
        long host = mapping.host();
        int marker = at(host, Marker.GRAIN_LENGTH);
        long sector = (mapping.start() & -(long) layout.grainSize()) >>> Sectors.BITS;
        int length = Marker.length(fetched, marker);
        if (Marker.value(fetched, marker) != sector || length < 1 || length > layout.mostCompressed()) {
            throw SnapshotException.corrupt(image.describe() + ": the marker at " + host + " is of "
                    + Integer.toUnsignedString(length) + " bytes for disk sector "
                    + Long.toUnsignedString(Marker.value(fetched, marker)) + "; it should be for sector " + sector
                    + " and of 1 to " + layout.mostCompressed() + " bytes");
        }
        int from = at(host, Marker.GRAIN_LENGTH + length) + Marker.GRAIN_LENGTH;
        return fetched.duplicate().limit(from + length).position(from);
    }

    /** Where in what was read {@code length} bytes of the file lie. */
    private int at(long host, int length) {
        if (host > image.size() - length) {
            throw SnapshotException.corrupt(image.describe() + " is truncated: " + length + " bytes of a grain at "
                    + host + " exceed its " + image.size() + " bytes");
        }
        if (host < fetchedFrom || host + length > fetchedFrom + fetched.limit()) {
            fetch(host, length);
        }
        return (int) (host - fetchedFrom);
    }

    private void fetch(long host, int length) {
        fetched.clear().limit(0);
        fetchedFrom = host;
        fetched.limit(length);
        try {
            image.read(host, fetched);
        } catch (RuntimeException | Error e) {
            fetched.clear().limit(0);
            throw e;
        }
        fetched.flip();
    }

    @Override
    public void close() {
        memory.close();
    }
}
