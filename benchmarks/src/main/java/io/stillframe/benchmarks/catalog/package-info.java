/** Measurements of catalogs. */
@NullMarked
package io.stillframe.benchmarks.catalog;

import org.jspecify.annotations.NullMarked;
