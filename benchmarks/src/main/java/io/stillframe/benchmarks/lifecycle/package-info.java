/** Whole lives of snapshots, measured. */
@NullMarked
package io.stillframe.benchmarks.lifecycle;

import org.jspecify.annotations.NullMarked;
