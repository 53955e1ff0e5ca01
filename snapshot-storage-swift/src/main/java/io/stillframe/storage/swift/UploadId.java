package io.stillframe.storage.swift;

import io.stillframe.spi.PartLayout;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An upload's name, which also says how it is cut. Kept with the object that it becomes, as a mark of whose it is.
 *
 * @param text {@code random-firstSize-step}, in hexadecimal digits
 */
record UploadId(String text, PartLayout layout) {
    private static final Pattern TEXT = Pattern.compile("[0-9a-f]{24}-([1-9a-f][0-9a-f]{0,7})-([1-9a-f][0-9a-f]{0,7})");
    private static final SecureRandom RANDOM = new SecureRandom();

    static UploadId create(PartLayout layout) {
        return new UploadId(
                random() + "-" + Integer.toHexString(layout.firstSize()) + "-" + Integer.toHexString(layout.step()),
                layout);
    }

    /** 24 digits that nobody else has. */
    static String random() {
        byte[] bytes = new byte[12];
        RANDOM.nextBytes(bytes);
        return java.util.HexFormat.of().formatHex(bytes);
    }

    static Optional<UploadId> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long first = Long.parseLong(matcher.group(1), 16);
        long step = Long.parseLong(matcher.group(2), 16);
        return first > 1 << 30 || step > Integer.MAX_VALUE
                ? Optional.empty()
                : Optional.of(new UploadId(text, new PartLayout((int) first, (int) step)));
    }
}
