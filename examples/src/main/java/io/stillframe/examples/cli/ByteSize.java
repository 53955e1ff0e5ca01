package io.stillframe.examples.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A size in bytes as written on the command line: digits and at most one of the units {@code K}, {@code M}, {@code G}, {@code T}, each
 * 1024 times the one before.
 *
 * @param bytes over 0
 */
record ByteSize(long bytes) {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,19})([KMGT]?)");
    private static final String UNITS = "KMGT";

    /** Reads e.g. {@code 20G}. */
    static ByteSize parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new TypeConversionException(
                    "'" + text + "' is no size: digits and K, M, G or T (1024-based), e.g. 20G");
        }
        try {
            long unit = form.group(2).isEmpty() ? 1 : 1L << (10 * (UNITS.indexOf(form.group(2)) + 1));
            long bytes = Math.multiplyExact(Long.parseLong(form.group(1)), unit);
            if (bytes == 0) {
                throw new TypeConversionException("'" + text + "' must be over 0 bytes");
            }
            return new ByteSize(bytes);
        } catch (NumberFormatException | ArithmeticException e) {
            TypeConversionException refusal =
                    new TypeConversionException("'" + text + "' is over the limit of 2^63 - 1 bytes");
            refusal.initCause(e);
            throw refusal;
        }
    }

    /** A size for people: {@code 512 B}, {@code 1.5 GiB}. */
    static String format(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        double value = (double) bytes / (1L << (10 * unit));
        String form = value < 10 && bytes % (1L << (10 * unit)) != 0 ? "%.1f %siB" : "%.0f %siB";
        return String.format(Locale.ROOT, form, value, "KMGTPE".charAt(unit - 1));
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String value) {
            return parse(value);
        }
    }
}
