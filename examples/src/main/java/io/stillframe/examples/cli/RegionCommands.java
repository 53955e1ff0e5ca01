package io.stillframe.examples.cli;

import picocli.CommandLine.Command;

/** The commands on regions. */
@Command(name = "region", description = "Copies all snapshots to a region, removes them from one, or gives one up.")
final class RegionCommands {}
