/** Tests of the command-line tool. */
@NullMarked
package io.stillframe.examples.cli;

import org.jspecify.annotations.NullMarked;
