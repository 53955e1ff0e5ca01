package io.stillframe.image.qcow2;

import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/**
 * Reads runs of compressed clusters that lie behind one another in the file: one read for many clusters, each decoded straight into the
 * caller's buffer where it fits. The last cluster that was needed only in part is kept, for readers that go forward in small steps.
 * Owns native memory: the larger of 512 KiB and two clusters for what is read (less for a smaller
 * file), and one cluster. With zlib, also heap: 20 KiB of tables, one cluster, and what the longest compressed one has, at most two. For one
 * thread at a time.
 */
final class CompressedReader implements ReaderPool.Reader {
    private static final int SMALLEST_SPAN = 512 * 1024;
    private static final int MOST_CLUSTERS = 1024;
    private static final long NONE = -1;

    private final ByteSource image;
    private final int clusterSize;
    private final ClusterDecompressor decompressor;
    private final DirectMemory memory = new DirectMemory();
    private final ByteBuffer fetched;
    private final ByteBuffer cluster;
    private final Mapping[] run = new Mapping[MOST_CLUSTERS];
    private int runLength;
    private long fetchedFrom;
    private long fetchedEnd;
    private long keptHost = NONE;

    CompressedReader(ByteSource image, Qcow2Header header) {
        this.image = image;
        this.clusterSize = header.geometry().clusterSize();
        this.decompressor = ClusterDecompressor.of(header.compression());
        this.fetched = memory.allocate((int) Math.min(image.size(), Math.max(SMALLEST_SPAN, 2 * clusterSize)));
        this.cluster = memory.allocate(clusterSize);
    }

    /** Whether the cluster whose compressed data begins there is kept. */
    boolean keeps(long host) {
        return host == keptHost;
    }

    /** Starts a run with its first cluster. */
    void start(Mapping first) {
        runLength = 0;
        fetchedFrom = first.host();
        fetchedEnd = first.host();
        add(first);
    }

    /** Adds the next cluster of the run if its data follows closely enough in the file. */
    boolean follows(Mapping next) {
        boolean fits = runLength < MOST_CLUSTERS
                && next.kind() == Mapping.Kind.COMPRESSED
                && next.host() >= fetchedFrom
                && next.host() <= fetchedEnd
                && Math.min(next.host() + next.hostLength(), image.size()) - fetchedFrom <= fetched.capacity();
        if (fits) {
            add(next);
        }
        return fits;
    }

    private void add(Mapping mapping) {
        run[runLength++] = mapping;
        fetchedEnd = Math.max(fetchedEnd, mapping.host() + mapping.hostLength());
    }

    /** Decodes the run into {@code target}, which has room for exactly that or more. */
    void decode(ByteBuffer target) {
        if (runLength > 1 || !keeps(run[0].host())) {
            fetched.clear().limit((int) (Math.min(fetchedEnd, image.size()) - fetchedFrom));
            image.read(fetchedFrom, fetched);
        }
        for (int i = 0; i < runLength; i++) {
            decode(run[i], target);
        }
    }

    private void decode(Mapping mapping, ByteBuffer target) {
        int length = (int) mapping.length();
        if (length == clusterSize && target.isDirect() && !keeps(mapping.host())) {
            int limit = target.limit();
            decompress(mapping, target.limit(target.position() + length));
            target.limit(limit);
            return;
        }
        if (!keeps(mapping.host())) {
            keptHost = NONE;
            decompress(mapping, cluster.clear());
            keptHost = mapping.host();
        }
        int inCluster = (int) mapping.start() & (clusterSize - 1);
        target.put(target.position(), cluster, inCluster, length);
        target.position(target.position() + length);
    }

    private void decompress(Mapping mapping, ByteBuffer into) {
        int from = (int) (mapping.host() - fetchedFrom);
        int end = (int) Math.min(from + (long) mapping.hostLength(), fetched.limit());
        if (!decompressor.decompress(fetched.duplicate().limit(end).position(from), into)) {
            throw SnapshotException.corrupt(image.describe() + ": the compressed cluster for disk position "
                    + mapping.start() + ", at " + mapping.host() + " in the file, cannot be decompressed to "
                    + clusterSize + " bytes");
        }
    }

    @Override
    public void close() {
        decompressor.close();
        memory.close();
    }
}
