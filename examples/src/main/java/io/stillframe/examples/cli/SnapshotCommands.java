package io.stillframe.examples.cli;

import picocli.CommandLine.Command;

/** The commands on snapshots. */
@Command(
        name = "snapshot",
        description = "Takes, lists, shows, copies, repairs, exports, cancels and deletes snapshots.")
final class SnapshotCommands {}
