package io.stillframe.examples.cli;

import picocli.CommandLine.Command;

/** The commands on disk images in files. */
@Command(name = "image", description = "Describes, converts, checks and maps disk images in files.")
final class ImageCommands {}
