package io.stillframe.image.pack;

import com.github.luben.zstd.Zstd;
import io.stillframe.image.ContentDigest;
import io.stillframe.internal.zstd.ZeroFrame;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Digest;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes a pack: frames as they come, a page of the index whenever one is full, directory and tables at the end. Keeps one page, 28 bytes
 * for each page that is written, and 8 bytes for each frame of the seek table.
 */
final class PackWriter implements ImageWriter {
    private final long diskSize;
    private final PackOptions options;
    private final Optional<PackBase> base;
    private final boolean complete;
    private final PageBuilder page;
    private final List<PageReference> pages = new ArrayList<>();
    private final OlderPacks older;
    private final IndexWriter index;
    private final Optional<ContentDigest> content;
    private final ByteBuffer zeroFrame = ZeroFrame.newBuffer();
    private int zeroFrameLength;
    private int pendingZeros;
    private Optional<PackId> finished = Optional.empty();

    PackWriter(long diskSize, PackOptions options, Optional<PackBase> base) {
        this.diskSize = diskSize;
        this.options = options;
        this.base = base;
        this.complete = base.isEmpty() && options.zeroFrames(diskSize);
        options.requireCountable(diskSize);
        this.page = new PageBuilder(options.digest());
        this.older = new OlderPacks(base.map(PackBase::disk));
        this.content = options.digest() == ChunkDigest.SHA_256 && options.chunkSize() == ContentDigest.CHUNK
                ? Optional.of(new ContentDigest(diskSize))
                : Optional.empty();
        SeekTable seekTable = new SeekTable();
        if (!complete) {
            seekTable.drop();
        }
        this.index = new IndexWriter(PackFormat.PACK_MAGIC, flags(), seekTable);
    }

    @Override
    public int chunkSize() {
        return options.chunkSize();
    }

    @Override
    public int maxEncodedSize() {
        return Math.toIntExact(Zstd.compressBound(options.chunkSize()));
    }

    @Override
    public int headLength() {
        return 0;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new PackEncoder(options, base);
    }

    @Override
    public void begin(ByteSink body) {
        index.write(
                Header.encode(PackFormat.PACK_MAGIC, flags(), diskSize, options.chunkSize(), options.digest()),
                0,
                body);
        if (!complete) {
            index.write(PackFormat.guard(), 0, body);
        }
    }

    private int flags() {
        return complete ? PackFormat.COMPLETE : 0;
    }

    @Override
    public void append(EncodedChunk encoded, ByteSink body) {
        flushZeros(body);
        requireNext(encoded.position());
        PackChunk chunk = (PackChunk) encoded;
        content.ifPresent(digest -> digest.add(page.next(), chunk.digest().bytes(), 0));
        if (chunk instanceof PackChunk.Unchanged unchanged) {
            page.addStored(older.renumbered(unchanged.older()), chunk.digest().bytes(), 0);
        } else {
            PackChunk.Frame frame = (PackChunk.Frame) chunk;
            int stored = frame.bytes().remaining();
            page.addStored(
                    new StoredChunk(StoredChunk.SELF, index.position(), stored, frame.rawLength(), frame.checksum()),
                    frame.digest().bytes(),
                    0);
            index.write(frame.bytes(), frame.rawLength(), body);
        }
        flushFullPage(body);
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        requireNext(range.start());
        int end = (int) PackFormat.chunks(range.end(), chunkSize());
        int at = (int) (range.start() / chunkSize());
        while (at < end) {
            int clean = Math.min(end, nextClean(at));
            pendingZeros += clean - at;
            at = clean < end ? copyClean(clean, end, body) : end;
        }
    }

    private int nextClean(int from) {
        int next = base.map(known -> known.clean().nextSetBit(from)).orElse(-1);
        return next < 0 ? Integer.MAX_VALUE : next;
    }

    /** Takes chunks over from the base as long as they are known to be as they were; returns where that ends. */
    private int copyClean(int from, int most, ByteSink body) {
        PackBase known = base.orElseThrow();
        int end = Math.min(most, known.clean().nextClearBit(from));
        long size = chunkSize();
        IndexedDisk.Walk walk = known.disk().walk(new ByteRange(from * size, Math.min(end * size, diskSize)));
        while (walk.more()) {
            walk.locate();
            if (walk.zero()) {
                int start = walk.chunk();
                pendingZeros += walk.skipRun() - start;
            } else {
                flushZeros(body);
                byte[] digests = walk.page().digests();
                int digest = walk.page().digestOffset(walk.run(), walk.chunk());
                content.ifPresent(sum -> sum.add(page.next(), digests, digest));
                page.addStored(older.renumbered(walk.stored()), digests, digest);
                flushFullPage(body);
                walk.skipChunk();
            }
        }
        return end;
    }

    private void requireNext(long start) {
        long next = Math.min(diskSize, ((long) page.next() + pendingZeros) * chunkSize());
        if (start != next) {
            throw SnapshotException.invalid(
                    "a pack is written in order: after " + next + " bytes of disk came what lies at " + start);
        }
    }

    /** Runs are held back until something else comes, so that each has as few frames as possible. */
    private void flushZeros(ByteSink body) {
        if (pendingZeros == 0) {
            return;
        }
        if (complete) {
            long start = (long) page.next() * chunkSize();
            writeZeroFrames(Math.min(diskSize - start, (long) pendingZeros * chunkSize()), body);
        }
        page.addZeros(pendingZeros);
        pendingZeros = 0;
        flushFullPage(body);
    }

    private void writeZeroFrames(long count, ByteSink body) {
        for (long left = count; left > 0; left -= zeroFrameLength) {
            int length = (int) Math.min(ZeroFrame.LONGEST, left);
            if (length != zeroFrameLength) {
                ZeroFrame.put(zeroFrame, length);
                zeroFrameLength = length;
            }
            index.write(zeroFrame.rewind(), length, body);
        }
    }

    private void flushFullPage(ByteSink body) {
        if (page.full()) {
            flushPage(body);
        }
    }

    private void flushPage(ByteSink body) {
        index.writePage(page, pages, body);
    }

    @Override
    public ByteBuffer finish(ByteSink body) {
        flushZeros(body);
        requireNext(diskSize);
        flushPage(body);
        Directory.Disk disk = new Directory.Disk("", diskSize, chunkSize(), options.digest(), pages);
        finished = Optional.of(index.finish("", older.packs(), List.of(disk), body));
        return ByteBuffer.allocate(0);
    }

    /** The packs that the index points into so far. */
    List<PackReference> older() {
        return older.packs();
    }

    /** The pack's identity, once it is finished. */
    PackId id() {
        return finished.orElseThrow(() -> SnapshotException.invalid("a pack has its identity when it is finished"));
    }

    /** The disk's content digest, once, after the pack is finished; empty if its chunks have other digests. */
    Optional<Digest> content() {
        return content.map(ContentDigest::finish);
    }

    @Override
    public void close() {}
}
