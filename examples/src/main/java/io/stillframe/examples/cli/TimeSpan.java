package io.stillframe.examples.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A duration as written on the command line: digits and one of the units {@code ms}, {@code s}, {@code m}, {@code h}. */
record TimeSpan(Duration duration) {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    /** Reads e.g. {@code 60s}. */
    static TimeSpan parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new TypeConversionException("'" + text + "' is no duration: digits and ms, s, m or h, e.g. 60s");
        }
        long count = Long.parseLong(form.group(1));
        return new TimeSpan(
                switch (form.group(2)) {
                    case "ms" -> Duration.ofMillis(count);
                    case "s" -> Duration.ofSeconds(count);
                    case "m" -> Duration.ofMinutes(count);
                    default -> Duration.ofHours(count);
                });
    }

    /** A duration for people: {@code 850 ms}, {@code 4.2 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
    static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis < 1000) {
            return millis + " ms";
        }
        if (millis < 10_000) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
        }
        long seconds = duration.toSeconds();
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600
                ? seconds / 60 + " min " + seconds % 60 + " s"
                : seconds / 3600 + " h " + seconds / 60 % 60 + " min";
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<TimeSpan> {
        @Override
        public TimeSpan convert(String value) {
            return parse(value);
        }
    }
}
