package io.stillframe.examples.cli;

import io.stillframe.image.pack.VerifyScope;
import io.stillframe.model.SnapshotException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * How much of a pack a sample takes: {@code 5%}, {@code 0.5%} or a number of chunks.
 *
 * @param text as it was given
 */
record SampleSize(String text) {
    private static final Pattern SYNTAX = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,6})?)(%?)");
    private static final double PERCENT = 100;

    /** Reads the option's value. */
    static final class Converter implements ITypeConverter<SampleSize> {
        @Override
        public SampleSize convert(String value) {
            SampleSize size = new SampleSize(value);
            if (size.scope(0).isEmpty()) {
                throw new TypeConversionException(
                        "a sample is a share such as 5%, over 0% and up to 100%, or a number of chunks, got '" + value
                                + "'");
            }
            return size;
        }
    }

    VerifyScope scoped(long seed) {
        return scope(seed).orElseThrow();
    }

    private Optional<VerifyScope> scope(long seed) {
        Matcher matcher = SYNTAX.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    matcher.group(2).isEmpty()
                            ? new VerifyScope.Chunks(Long.parseLong(matcher.group(1)), seed)
                            : new VerifyScope.Share(Double.parseDouble(matcher.group(1)) / PERCENT, seed));
        } catch (SnapshotException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
