package io.stillframe.internal.engine;

import java.util.Locale;

/** Sizes in messages: exact in bytes, and for people. */
final class ByteCount {
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private ByteCount() {}

    /** For example {@code 21474836480 bytes (20 GiB)}. */
    static String of(long bytes) {
        if (bytes < 1024) {
            return bytes + " bytes";
        }
        int unit = -1;
        double value = bytes;
        while (value >= 1024 && unit + 1 < UNITS.length) {
            value /= 1024;
            unit++;
        }
        String number = String.format(Locale.ROOT, "%.2f", value).replaceAll("\\.?0+$", "");
        return bytes + " bytes (" + number + " " + UNITS[unit] + ")";
    }
}
