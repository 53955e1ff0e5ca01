package io.stillframe.examples.cli;

import picocli.CommandLine.Command;

/** The commands on regions. */
@Command(name = "region", description = "Copies all snapshots to a region, or removes them from one.")
final class RegionCommands {}
