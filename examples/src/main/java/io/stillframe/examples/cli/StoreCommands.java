package io.stillframe.examples.cli;

import picocli.CommandLine.Command;

/** The commands on object stores. */
@Command(name = "store", description = "Finds out what an object store can do.")
final class StoreCommands {}
