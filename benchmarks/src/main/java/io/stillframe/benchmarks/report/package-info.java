/** What was measured, as JSON, tables and charts. */
@NullMarked
package io.stillframe.benchmarks.report;

import org.jspecify.annotations.NullMarked;
