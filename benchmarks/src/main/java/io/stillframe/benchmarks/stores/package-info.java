/** Programs that the comparisons with other tools' uploads run. */
@NullMarked
package io.stillframe.benchmarks.stores;

import org.jspecify.annotations.NullMarked;
