package io.stillframe.benchmarks.report;

import java.util.List;

/**
 * Smallest, middle and largest of some figures.
 *
 * @param min smallest
 * @param median middle; of an even number the mean of the two in the middle
 * @param max largest
 */
public record Spread(double min, double median, double max) {
    /** The spread of at least one figure. */
    public static Spread of(List<Double> figures) {
        if (figures.isEmpty()) {
            throw new IllegalArgumentException("a spread needs at least one figure");
        }
        List<Double> sorted = figures.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(sorted.get(0), median, sorted.get(sorted.size() - 1));
    }
}
