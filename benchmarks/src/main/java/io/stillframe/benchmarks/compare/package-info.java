/** Whole conversions beside those of other tools: the disk, the commands, the measuring. */
@NullMarked
package io.stillframe.benchmarks.compare;

import org.jspecify.annotations.NullMarked;
