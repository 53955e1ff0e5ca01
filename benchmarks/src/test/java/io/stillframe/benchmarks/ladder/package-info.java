/** Tests of the measuring itself. */
@NullMarked
package io.stillframe.benchmarks.ladder;

import org.jspecify.annotations.NullMarked;
