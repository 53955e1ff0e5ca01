package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results.Bar;
import java.util.List;

/**
 * What is run in turn.
 *
 * @param title of the comparison
 * @param contenders all sides
 * @param bars to be reached
 */
record Contest(String title, List<Contender> contenders, List<Bar> bars) {}
