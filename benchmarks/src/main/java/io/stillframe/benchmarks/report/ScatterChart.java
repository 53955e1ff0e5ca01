package io.stillframe.benchmarks.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;

/**
 * A chart of points in series, joined by lines, as SVG: a linear horizontal axis and a logarithmic vertical one.
 *
 * @param title above the chart
 * @param horizontal name of the horizontal axis
 * @param vertical name of the vertical axis
 * @param points in each series' order
 */
public record ScatterChart(String title, String horizontal, String vertical, List<Point> points) {
    private static final int WIDTH = 860;
    private static final int HEIGHT = 520;
    private static final int LEFT = 80;
    private static final int TOP = 50;
    private static final int RIGHT = 130;
    private static final int BOTTOM = 60;
    private static final List<String> COLOURS =
            List.of("#1b6ca8", "#d1495b", "#2e933c", "#8d5a97", "#c98a00", "#00798c", "#6b4226", "#555555");

    /**
     * One point.
     *
     * @param series what it belongs to
     * @param label beside it
     * @param x horizontal value
     * @param y vertical value, above 0
     */
    public record Point(String series, String label, double x, double y) {}

    /** The chart; an empty one if there are no points. */
    public String svg() {
        Axis x = Axis.linear(points.stream().map(Point::x).toList(), LEFT, WIDTH - RIGHT);
        Axis y = Axis.logarithmic(points.stream().map(Point::y).toList(), HEIGHT - BOTTOM, TOP);
        StringBuilder svg = new StringBuilder();
        svg.append(text(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                WIDTH, HEIGHT));
        svg.append(label(WIDTH / 2, 26, "middle", 16, "#000", title));
        for (double tick : x.ticks()) {
            svg.append(line(x.at(tick), TOP, x.at(tick), HEIGHT - BOTTOM, "#ddd", 1));
            svg.append(label(x.at(tick), HEIGHT - BOTTOM + 18, "middle", 12, "#333", number(tick)));
        }
        for (double tick : y.ticks()) {
            svg.append(line(LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick), "#ddd", 1));
            svg.append(label(LEFT - 8, y.at(tick) + 4, "end", 12, "#333", number(tick)));
        }
        svg.append(label((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 16, "middle", 13, "#000", horizontal));
        svg.append(text(
                "<text transform=\"translate(22 %d) rotate(-90)\" text-anchor=\"middle\" font-size=\"13\">%s</text>%n",
                (TOP + HEIGHT - BOTTOM) / 2, escaped(vertical)));
        int number = 0;
        for (String series : series()) {
            svg.append(series(series, COLOURS.get(number % COLOURS.size()), number, x, y));
            number++;
        }
        return svg.append("</svg>\n").toString();
    }

    private LinkedHashSet<String> series() {
        LinkedHashSet<String> names = new LinkedHashSet<>();
        points.forEach(point -> names.add(point.series()));
        return names;
    }

    private String series(String name, String colour, int number, Axis x, Axis y) {
        List<Point> own =
                points.stream().filter(point -> point.series().equals(name)).toList();
        StringBuilder svg = new StringBuilder();
        for (int i = 1; i < own.size(); i++) {
            Point from = own.get(i - 1);
            Point to = own.get(i);
            svg.append(line(x.at(from.x()), y.at(from.y()), x.at(to.x()), y.at(to.y()), colour, 1.5));
        }
        for (Point point : own) {
            svg.append(text(
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>%n",
                    x.at(point.x()), y.at(point.y()), colour));
            svg.append(label(x.at(point.x()) + 6, y.at(point.y()) - 6, "start", 10, colour, point.label()));
        }
        int row = TOP + 10 + 20 * number;
        svg.append(text("<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>%n", WIDTH - RIGHT + 16, row, colour));
        return svg.append(label(WIDTH - RIGHT + 26, row + 4, "start", 12, "#000", name))
                .toString();
    }

    private static String line(double x1, double y1, double x2, double y2, String colour, double width) {
        return text(
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>%n",
                x1, y1, x2, y2, colour, width);
    }

    private static String label(double x, double y, String anchor, int size, String colour, String content) {
        return text(
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\" fill=\"%s\">%s</text>%n",
                x, y, anchor, size, colour, escaped(content));
    }

    private static String escaped(String content) {
        return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static String number(double value) {
        return value == Math.rint(value) ? text("%.0f", value) : text("%.1f", value);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /**
     * Where values lie.
     *
     * @param least value at {@code from}
     * @param most value at {@code to}
     * @param logarithmic whether equal distances are equal factors
     */
    record Axis(double least, double most, boolean logarithmic, double from, double to, List<Double> ticks) {
        private static final int TICKS = 6;

        /** From 0 on, with about six round ticks. */
        static Axis linear(List<Double> values, double from, double to) {
            double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
            double step = roundStep(most / TICKS);
            List<Double> ticks = new ArrayList<>();
            for (int i = 0; (i - 1) * step < most; i++) {
                ticks.add(i * step);
            }
            return new Axis(0, ticks.get(ticks.size() - 1), false, from, to, ticks);
        }

        private static double roundStep(double step) {
            double power = Math.pow(10, Math.floor(Math.log10(step)));
            double digit = step / power;
            return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
        }

        /** Ticks at 1, 2 and 5 of each power of ten around the values. */
        static Axis logarithmic(List<Double> values, double from, double to) {
            double least =
                    values.stream().mapToDouble(Double::doubleValue).min().orElse(1);
            double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(10);
            List<Double> ticks = new ArrayList<>();
            for (double power = Math.pow(10, Math.floor(Math.log10(least))); power <= most; power *= 10) {
                for (int digit : new int[] {1, 2, 5, 10}) {
                    double tick = power * digit;
                    boolean inside = tick > least / 2.6 && tick < most * 2.6;
                    if (inside && (ticks.isEmpty() || tick > ticks.get(ticks.size() - 1))) {
                        ticks.add(tick);
                    }
                }
            }
            return new Axis(ticks.get(0), ticks.get(ticks.size() - 1), true, from, to, ticks);
        }

        double at(double value) {
            double part =
                    logarithmic ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
            return from + part * (to - from);
        }
    }
}
