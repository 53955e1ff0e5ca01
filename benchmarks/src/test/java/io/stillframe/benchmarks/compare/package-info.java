/** Tests of the measuring itself. */
@NullMarked
package io.stillframe.benchmarks.compare;

import org.jspecify.annotations.NullMarked;
