/** Speed and ratio of every codec at every level. */
@NullMarked
package io.stillframe.benchmarks.ladder;

import org.jspecify.annotations.NullMarked;
