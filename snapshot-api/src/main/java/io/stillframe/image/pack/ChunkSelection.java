package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import java.util.Optional;
import java.util.Random;

/**
 * Draws the chunks that are checked, in the order of the disk: each stored one is taken with the chance of those still wanted among those
 * still to come, so that exactly as many as wanted are drawn, each as likely as any other. Safe for use by several threads.
 */
final class ChunkSelection {
    /** A chunk to check. */
    record Task(IndexedDisk disk, IndexPage page, int run, int chunk) {}

    private final IndexFile file;
    private final Findings findings;
    private final boolean olderAtHand;
    private final Random random;
    private final long stored;
    private long wanted;
    private long left;
    private long elsewhere;
    private int disk;
    private int pageNumber = -1;
    private Optional<IndexPage> page = Optional.empty();
    private int run;
    private int chunk;

    ChunkSelection(IndexFile file, VerifyScope scope, Findings findings, boolean olderAtHand) {
        this.file = file;
        this.findings = findings;
        this.olderAtHand = olderAtHand;
        this.stored = file.disks().stream().mapToLong(IndexedDisk::storedChunks).sum();
        this.left = stored;
        if (scope instanceof VerifyScope.Chunks chunks) {
            random = new Random(chunks.seed());
            wanted = Math.min(stored, chunks.chunks());
        } else if (scope instanceof VerifyScope.Share share) {
            random = new Random(share.seed());
            wanted = Math.min(stored, (long) Math.ceil(stored * share.share()));
        } else {
            random = new Random(0);
            wanted = stored;
        }
    }

    long stored() {
        return stored;
    }

    synchronized long elsewhere() {
        return elsewhere;
    }

    /** The next chunk, or empty if there is none. */
    synchronized Optional<Task> next() {
        while (wanted > 0 && disk < file.disks().size()) {
            if (page.isEmpty() || chunk >= page.get().end()) {
                nextPage();
                continue;
            }
            IndexPage here = page.get();
            if (chunk >= here.runEnd(run)) {
                run++;
            } else if (here.isZero(run)) {
                chunk = here.runEnd(run);
            } else if (draw()) {
                Task task = new Task(file.disks().get(disk), here, run, chunk++);
                if (olderAtHand || here.chunk(run, task.chunk).pack() == StoredChunk.SELF) {
                    return Optional.of(task);
                }
                elsewhere++;
            } else {
                chunk++;
            }
        }
        return Optional.empty();
    }

    private boolean draw() {
        boolean drawn = wanted == left || random.nextDouble() * left < wanted;
        left--;
        wanted -= drawn ? 1 : 0;
        return drawn;
    }

    /** A page that cannot be read is a finding already, and its chunks are left out. */
    private void nextPage() {
        page = Optional.empty();
        IndexedDisk here = file.disks().get(disk);
        if (++pageNumber == here.pageReferences().size()) {
            disk++;
            pageNumber = -1;
            return;
        }
        PageReference reference = here.pageReferences().get(pageNumber);
        try {
            page = Optional.of(here.load(pageNumber));
            run = 0;
            chunk = reference.first();
        } catch (SnapshotException e) {
            ByteRange range = ByteRange.ofLength(reference.offset(), reference.length());
            findings.addCorrupt(VerifyFinding.Kind.STRUCTURE, file.describe(), range, e);
            left -= reference.stored();
            wanted = Math.min(wanted, left);
        }
    }
}
