package io.stillframe.examples.cli;

import io.stillframe.model.SnapshotId;
import java.util.Optional;
import picocli.CommandLine.Parameters;

/** The one snapshot that a command is about. */
final class SnapshotArgument {
    @Parameters(
            index = "0",
            arity = "1",
            paramLabel = "ID",
            converter = SnapshotIdConverter.class,
            description = "The snapshot's id, snap-…, as create and list print it.")
    private Optional<SnapshotId> id = Optional.empty();

    SnapshotId id() {
        return id.orElseThrow();
    }
}
