package io.stillframe.image.pack;

import io.stillframe.image.ContentDigest;
import io.stillframe.internal.image.BoundedReads;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Digest;
import io.stillframe.model.SnapshotException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A disk as an index tells of it: for every chunk zeros or where it is stored. Pages are read when they are needed, and the 64 that were
 * used last are kept: at most about 16 MiB. Usable while the file that it came from is open; safe for use by several threads.
 */
public final class IndexedDisk {
    private static final int PAGES_KEPT = 64;

    private final IndexFile file;
    private final Directory.Disk disk;
    private final IndexPage.Limits limits;
    private final Map<Integer, IndexPage> pages = new LinkedHashMap<>(16, 0.75f, true);

    IndexedDisk(IndexFile file, Directory.Disk disk) {
        this.file = file;
        this.disk = disk;
        this.limits =
                new IndexPage.Limits(file.describe(), disk.size(), disk.chunkSize(), disk.digest(), file.packLengths());
    }

    /** Its name in a manifest, e.g. {@code vda}; empty in a pack. */
    public String name() {
        return disk.name();
    }

    /** Virtual size in bytes. */
    public long size() {
        return disk.size();
    }

    /** Bytes of disk in one chunk. */
    public int chunkSize() {
        return disk.chunkSize();
    }

    /** What is recorded of each stored chunk. */
    public ChunkDigest digest() {
        return disk.digest();
    }

    /** How many chunks are stored; the others are zeros. */
    public long storedChunks() {
        return disk.stored();
    }

    /**
     * What the index says of every chunk that {@code range} touches, in order; neighbouring zeros as one.
     *
     * @param range within the disk
     * @return lazy, for one thread; throws CORRUPT if a page is broken
     * @throws SnapshotException INVALID if the range exceeds the disk
     */
    public Iterator<PackedChunk> chunks(ByteRange range) {
        requireInside(range);
        Walk walk = new Walk(range);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return walk.more();
            }

            @Override
            public PackedChunk next() {
                return packed(walk);
            }
        };
    }

    private PackedChunk packed(Walk walk) {
        if (!walk.more()) {
            throw new NoSuchElementException("the range has ended");
        }
        walk.locate();
        int chunk = walk.chunk();
        if (walk.zero()) {
            return new PackedChunk.Zero(diskRange(chunk, walk.skipRun()));
        }
        StoredChunk stored = walk.stored();
        Optional<Digest> recorded = recordedDigest(walk.page(), walk.run(), chunk);
        walk.skipChunk();
        return new PackedChunk.Stored(
                diskRange(chunk, chunk + 1),
                file.pack(stored.pack()),
                stored.offset(),
                stored.stored(),
                stored.checksum(),
                recorded);
    }

    private Optional<Digest> recordedDigest(IndexPage page, int run, int chunk) {
        if (digest() == ChunkDigest.NONE) {
            return Optional.empty();
        }
        int from = page.digestOffset(run, chunk);
        String name = digest().algorithm().toLowerCase(java.util.Locale.ROOT).replace("/", "-");
        return Optional.of(new Digest(name, HexFormat.of().formatHex(page.digests(), from, from + digest().length())));
    }

    /**
     * The disk's content digest, computed from the chunks' digests without reading them.
     *
     * @return empty unless the chunks are of 1 MiB and have SHA-256
     */
    public Optional<Digest> contentDigest() {
        if (digest() != ChunkDigest.SHA_256 || chunkSize() != ContentDigest.CHUNK) {
            return Optional.empty();
        }
        ContentDigest content = new ContentDigest(size());
        for (Walk walk = new Walk(new ByteRange(0, size())); walk.more(); ) {
            walk.locate();
            if (walk.zero()) {
                walk.skipRun();
            } else {
                content.add(walk.chunk(), walk.page().digests(), walk.page().digestOffset(walk.run(), walk.chunk()));
                walk.skipChunk();
            }
        }
        return Optional.of(content.finish());
    }

    /** The packs that its chunks lie in, in no order. Reads the whole index. */
    public List<PackReference> packs() {
        boolean[] used = new boolean[file.directory().packs().size() + 1];
        for (Walk walk = new Walk(new ByteRange(0, size())); walk.more(); ) {
            walk.locate();
            if (!walk.zero()) {
                used[walk.stored().pack()] = true;
            }
            walk.skipRun();
        }
        List<PackReference> packs = new ArrayList<>();
        for (int i = 0; i < used.length; i++) {
            if (used[i]) {
                packs.add(file.pack(i));
            }
        }
        return packs;
    }

    IndexFile file() {
        return file;
    }

    List<PageReference> pageReferences() {
        return disk.pages();
    }

    int chunkCount() {
        return (int) PackFormat.chunks(size(), chunkSize());
    }

    private ByteRange diskRange(int from, int to) {
        return new ByteRange((long) from * chunkSize(), Math.min(size(), (long) to * chunkSize()));
    }

    void requireInside(ByteRange range) {
        BoundedReads.requireInside(file.bytes(), size(), range);
    }

    /** The number of the page that tells of a chunk. */
    int pageOf(int chunk) {
        int low = 0;
        int high = disk.pages().size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (disk.pages().get(middle).first() <= chunk) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** Two threads that miss the same page both read it: that is cheaper than making all others wait. */
    IndexPage page(int number) {
        synchronized (pages) {
            IndexPage known = pages.get(number);
            if (known != null) {
                return known;
            }
        }
        IndexPage page = load(number);
        synchronized (pages) {
            pages.put(number, page);
            if (pages.size() > PAGES_KEPT) {
                pages.remove(pages.keySet().iterator().next());
            }
        }
        return page;
    }

    /** Reads a page anew. */
    IndexPage load(int number) {
        PageReference reference = disk.pages().get(number);
        return IndexPage.parse(file.frame(reference), number, reference, limits);
    }

    /** Where chunk by chunk, or run by run, leads. For one thread. */
    Walk walk(ByteRange range) {
        return new Walk(range);
    }

    /** A position in the index. */
    final class Walk {
        private final int end;
        private int chunk;
        private int pageNumber;
        private @Nullable IndexPage page;
        private int run;

        private Walk(ByteRange range) {
            chunk = (int) (range.start() / chunkSize());
            end = (int) PackFormat.chunks(range.isEmpty() ? (long) chunk * chunkSize() : range.end(), chunkSize());
        }

        boolean more() {
            return chunk < end;
        }

        /** Must come before each look at the chunk. */
        void locate() {
            if (page == null || chunk >= page.end()) {
                pageNumber = page == null ? pageOf(chunk) : pageNumber + 1;
                page = IndexedDisk.this.page(pageNumber);
                run = page.runOf(chunk);
            } else if (chunk >= page.runEnd(run)) {
                run++;
            }
        }

        int chunk() {
            return chunk;
        }

        IndexPage page() {
            return Objects.requireNonNull(page, "locate comes first");
        }

        int run() {
            return run;
        }

        boolean zero() {
            return page().isZero(run);
        }

        StoredChunk stored() {
            return page().chunk(run, chunk);
        }

        void skipChunk() {
            chunk++;
        }

        /** Goes to the end of the run or range; returns the chunk there. */
        int skipRun() {
            chunk = Math.min(end, page().runEnd(run));
            return chunk;
        }
    }
}
