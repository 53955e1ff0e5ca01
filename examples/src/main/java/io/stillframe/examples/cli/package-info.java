/** The command-line tool {@code stillframe}: one class a command, all of them over the public API alone. */
@NullMarked
package io.stillframe.examples.cli;

import org.jspecify.annotations.NullMarked;
