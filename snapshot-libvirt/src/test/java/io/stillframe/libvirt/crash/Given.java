package io.stillframe.libvirt.crash;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import java.util.List;
import java.util.Optional;

/**
 * The snapshots that a case begins with.
 *
 * @param subject the one that the work is about, if there is one
 * @param others those that the work must leave as they are
 */
record Given(Optional<SnapshotId> subject, List<Snapshot> others) {
    static final Given NOTHING = new Given(Optional.empty(), List.of());

    static Given about(Snapshot subject, Snapshot... others) {
        return new Given(Optional.of(subject.id()), List.of(others));
    }

    /** Whether a snapshot is what the case is about: its subject, or one that the work has made. */
    boolean isJudged(Snapshot snapshot) {
        return subject.map(snapshot.id()::equals)
                .orElseGet(() -> others.stream().noneMatch(other -> other.id().equals(snapshot.id())));
    }

    String subjectText() {
        return subject.map(SnapshotId::value).orElse("");
    }
}
