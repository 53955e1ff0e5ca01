package io.stillframe.image.pack;

import io.stillframe.image.StreamListener;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Checks packs and manifests: their structure, and the content of all their chunks or of a sample. Stateless. */
public final class PackVerifier {
    private static final int MOST_FAULTS = 100;

    private PackVerifier() {}

    /**
     * Verifies a pack or a manifest.
     *
     * @param file stays the caller's
     * @param older opens the packs that it points into; if empty, chunks that lie in them are counted and passed over
     * @param threads how many read and decompress at once, 1 to 256
     * @param listener told bytes of disk and of packs that were checked, by one thread at a time
     * @return what was found; a file whose footer or directory is broken has that as its only finding
     * @throws SnapshotException CANCELLED; TRANSIENT and the like if reading fails, but not CORRUPT
     */
    public static VerifyReport verify(
            ByteSource file,
            Optional<PackResolver> older,
            VerifyScope scope,
            int threads,
            Cancellation cancellation,
            StreamListener listener) {
        Findings findings = new Findings();
        IndexFile index;
        try {
            index = IndexFile.read(file);
        } catch (SnapshotException e) {
            ByteRange whole = new ByteRange(0, file.size());
            findings.addCorrupt(VerifyFinding.Kind.STRUCTURE, file.describe(), whole, e);
            return new VerifyReport(0, 0, 0, 0, seed(scope), findings.count(), findings.inOrder());
        }
        new Layout(index, scope instanceof VerifyScope.Everything, cancellation, findings).check();
        ChunkSelection selection = new ChunkSelection(index, scope, findings, older.isPresent());
        ContentCheck content = new ContentCheck(index, older, selection, findings, cancellation, listener);
        content.run(threads);
        return new VerifyReport(
                selection.stored(),
                content.checked(),
                selection.elsewhere(),
                content.bytesChecked(),
                seed(scope),
                findings.count(),
                findings.inOrder());
    }

    private static OptionalLong seed(VerifyScope scope) {
        if (scope instanceof VerifyScope.Chunks chunks) {
            return OptionalLong.of(chunks.seed());
        }
        return scope instanceof VerifyScope.Share share ? OptionalLong.of(share.seed()) : OptionalLong.empty();
    }

    /** Checks the structure of a pack: everything but the chunks' frames. */
    static ImageCheck check(ByteSource image, Cancellation cancellation) {
        Findings findings = new Findings();
        long allocated = 0;
        try {
            IndexFile index = IndexFile.readPack(image);
            Layout layout = new Layout(index, true, cancellation, findings);
            layout.check();
            allocated = layout.allocated();
        } catch (SnapshotException e) {
            findings.addCorrupt(VerifyFinding.Kind.STRUCTURE, image.describe(), new ByteRange(0, image.size()), e);
        }
        List<String> faults = findings.inOrder().stream()
                .limit(MOST_FAULTS)
                .map(VerifyFinding::toString)
                .toList();
        return new ImageCheck(faults, List.of(), allocated);
    }
}
