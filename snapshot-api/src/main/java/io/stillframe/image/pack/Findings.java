package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects faults; keeps the first of them. Safe for use by several threads. */
final class Findings {
    private static final int MOST_KEPT = 1000;

    private final List<VerifyFinding> kept = new ArrayList<>();
    private long count;

    synchronized void add(VerifyFinding.Kind kind, String file, ByteRange range, String what) {
        count++;
        if (kept.size() < MOST_KEPT) {
            kept.add(new VerifyFinding(kind, file, range, what));
        }
    }

    /** Adds what says that bytes are broken; throws everything else, such as a fault of the network. */
    void addCorrupt(VerifyFinding.Kind kind, String file, ByteRange range, SnapshotException e) {
        if (e.kind() != SnapshotException.Kind.CORRUPT && e.kind() != SnapshotException.Kind.UNSUPPORTED) {
            throw e;
        }
        add(kind, file, range, String.valueOf(e.getMessage()));
    }

    synchronized long count() {
        return count;
    }

    synchronized List<VerifyFinding> inOrder() {
        return kept.stream()
                .sorted(Comparator.comparing(VerifyFinding::file)
                        .thenComparing(finding -> finding.range().start()))
                .toList();
    }
}
