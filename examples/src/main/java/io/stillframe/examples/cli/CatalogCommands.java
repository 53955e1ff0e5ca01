package io.stillframe.examples.cli;

import picocli.CommandLine.Command;

/** The commands on the catalog itself. */
@Command(name = "catalog", description = "Looks after the catalog.")
final class CatalogCommands {}
