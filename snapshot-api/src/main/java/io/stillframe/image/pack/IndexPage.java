package io.stillframe.image.pack;

import com.github.luben.zstd.Zstd;
import io.stillframe.image.Crc32c;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** A page of an index, checked and unpacked: at most 4096 stored chunks and 4096 runs. Immutable. */
final class IndexPage {
    private final int first;
    private final int chunks;
    private final int digestLength;
    /** For each run: its first chunk, the entry of that chunk or -1 for zeros, and its pack. */
    private final int[] runStarts;

    private final int[] runEntries;
    private final int[] runPacks;
    private final long[] offsets;
    private final int[] stored;
    private final int[] checksums;
    private final byte[] digests;
    private final int chunkSize;
    private final long diskSize;

    private IndexPage(PageReference reference, int runs, Limits limits) {
        first = reference.first();
        chunks = reference.chunks();
        digestLength = limits.digest().length();
        chunkSize = limits.chunkSize();
        diskSize = limits.diskSize();
        runStarts = new int[runs];
        runEntries = new int[runs];
        runPacks = new int[runs];
        offsets = new long[reference.stored()];
        stored = new int[reference.stored()];
        checksums = new int[reference.stored()];
        digests = new byte[reference.stored() * digestLength];
    }

    /**
     * What a page's content must keep to.
     *
     * @param packLengths where frames may end in each pack, the first being the file itself; 0 there if it has no frames
     */
    record Limits(String file, long diskSize, int chunkSize, ChunkDigest digest, List<Long> packLengths) {}

    /**
     * Unpacks a page.
     *
     * @param bytes the whole frame from position to limit, little-endian, as many as the reference says
     * @throws SnapshotException CORRUPT
     */
    static IndexPage parse(ByteBuffer bytes, int number, PageReference reference, Limits limits) {
        return new Parser(bytes, number, reference, limits).parse();
    }

    int first() {
        return first;
    }

    int end() {
        return first + chunks;
    }

    /** How many runs there are. */
    int runs() {
        return runStarts.length;
    }

    int runStart(int run) {
        return runStarts[run];
    }

    int runEnd(int run) {
        return run + 1 < runStarts.length ? runStarts[run + 1] : end();
    }

    boolean isZero(int run) {
        return runEntries[run] < 0;
    }

    /** The run that a chunk of the page is in. */
    int runOf(int chunk) {
        int at = Arrays.binarySearch(runStarts, chunk);
        return at >= 0 ? at : -at - 2;
    }

    /** A chunk of a run that is not zeros. */
    StoredChunk chunk(int run, int chunk) {
        int entry = entry(run, chunk);
        return new StoredChunk(
                runPacks[run],
                offsets[entry],
                stored[entry],
                PackFormat.rawLength(diskSize, chunkSize, chunk),
                checksums[entry]);
    }

    private int entry(int run, int chunk) {
        return runEntries[run] + chunk - runStarts[run];
    }

    /** All digests of the page. */
    byte[] digests() {
        return digests;
    }

    /** Where the digest of a chunk of a run that is not zeros begins in {@link #digests()}. */
    int digestOffset(int run, int chunk) {
        return entry(run, chunk) * digestLength;
    }

    /** Reads one page's bytes. */
    private static final class Parser {
        private final ByteBuffer bytes;
        private final int number;
        private final PageReference reference;
        private final Limits limits;
        private int chunk;
        private int entry;

        Parser(ByteBuffer bytes, int number, PageReference reference, Limits limits) {
            this.bytes = bytes;
            this.number = number;
            this.reference = reference;
            this.limits = limits;
            this.chunk = reference.first();
        }

        IndexPage parse() {
            int end = bytes.limit() - Integer.BYTES;
            int checksum = Crc32c.of(bytes.duplicate().limit(end));
            require(checksum == bytes.getInt(end) && checksum == reference.checksum(), "its checksum is wrong");
            require(
                    bytes.getInt() == PackFormat.PAGE_FRAME
                            && bytes.getInt() == reference.length() - PackFormat.FRAME_HEADER
                            && bytes.getInt() == number
                            && bytes.getInt() == reference.first()
                            && bytes.getInt() == reference.chunks(),
                    "it is not the page that the directory names");
            int runs = bytes.getInt();
            require(runs > 0 && runs <= PackFormat.PAGE_ENTRIES, "it has " + runs + " runs");
            require(bytes.getInt() == reference.stored(), "it has another number of stored chunks");
            bytes.limit(end);
            IndexPage page = new IndexPage(reference, runs, limits);
            for (int run = 0; run < runs; run++) {
                readRun(page, run);
            }
            require(!bytes.hasRemaining(), "bytes are left behind its runs");
            require(chunk == reference.end() && entry == reference.stored(), "its runs do not cover its chunks");
            return page;
        }

        private void readRun(IndexPage page, int run) {
            require(bytes.remaining() >= PackFormat.RUN, "run " + run + " is cut off");
            int kind = bytes.get();
            int reserved = bytes.get();
            int pack = Short.toUnsignedInt(bytes.getShort());
            int count = bytes.getInt();
            long offset = bytes.getLong();
            require(reserved == 0, "run " + run + " sets what is reserved");
            require(count > 0 && count <= reference.end() - chunk, "run " + run + " has " + count + " chunks");
            page.runStarts[run] = chunk;
            page.runPacks[run] = pack;
            if (kind == PackFormat.ZERO_RUN) {
                require(pack == 0 && offset == 0, "run " + run + " of zeros names a place");
                page.runEntries[run] = -1;
                chunk += count;
                return;
            }
            require(kind == PackFormat.STORED_RUN, "run " + run + " is of unknown kind " + kind);
            page.runEntries[run] = entry;
            readEntries(page, run, pack, count, offset);
        }

        private void readEntries(IndexPage page, int run, int pack, int count, long offset) {
            int size = PackFormat.ENTRY + page.digestLength;
            require(
                    count <= reference.stored() - entry && bytes.remaining() >= (long) count * size,
                    "run " + run + " is cut off");
            require(pack < limits.packLengths.size(), "run " + run + " names pack " + pack + ", which is not declared");
            long packEnd = limits.packLengths.get(pack);
            long end = pack == StoredChunk.SELF ? Math.min(packEnd, reference.offset()) : packEnd;
            long at = offset;
            require(at >= PackFormat.HEADER, "run " + run + " begins at " + at);
            for (int i = 0; i < count; i++, entry++, chunk++) {
                int stored = bytes.getInt();
                int raw = PackFormat.rawLength(limits.diskSize, limits.chunkSize, chunk);
                require(
                        stored > 0 && stored <= Zstd.compressBound(raw),
                        "chunk " + chunk + " of " + raw + " bytes is stored in " + stored);
                require(at <= end - stored, "chunk " + chunk + " ends behind its pack's frames");
                page.offsets[entry] = at;
                page.stored[entry] = stored;
                page.checksums[entry] = bytes.getInt();
                bytes.get(page.digests, entry * page.digestLength, page.digestLength);
                at += stored;
            }
        }

        private void require(boolean kept, String fault) {
            if (!kept) {
                throw SnapshotException.corrupt(
                        limits.file + ": page " + number + " of the index at " + reference.offset() + ": " + fault);
            }
        }
    }
}
