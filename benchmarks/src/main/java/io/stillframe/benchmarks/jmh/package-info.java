/** Benchmarks of the streaming core's pieces. */
@NullMarked
package io.stillframe.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
