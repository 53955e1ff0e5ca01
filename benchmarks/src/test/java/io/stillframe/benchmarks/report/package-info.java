/** Tests of the measuring itself. */
@NullMarked
package io.stillframe.benchmarks.report;

import org.jspecify.annotations.NullMarked;
