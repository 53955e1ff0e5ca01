package io.stillframe.image.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Feature bits of a version 3 header ("Header", "Feature name table"). */
final class Features {
    static final long DIRTY = 1L;
    static final long CORRUPT = 1L << 1;
    static final long EXTERNAL_DATA = 1L << 2;
    static final long COMPRESSION_TYPE = 1L << 3;
    static final long EXTENDED_L2 = 1L << 4;

    /** Compatible feature. */
    static final long LAZY_REFCOUNTS = 1L;

    /** Autoclear feature: the bitmaps extension is consistent. */
    static final long BITMAPS = 1L;

    private static final long KNOWN_INCOMPATIBLE = DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION_TYPE | EXTENDED_L2;

    private Features() {}

    /**
     * Names the incompatible bits that are not known.
     *
     * @param names the image's own names of incompatible features, by bit
     */
    static List<String> unknownIncompatible(long bits, Map<Integer, String> names) {
        List<String> unknown = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((bits & ~KNOWN_INCOMPATIBLE & 1L << bit) != 0) {
                unknown.add("bit " + bit + (names.containsKey(bit) ? " (" + names.get(bit) + ")" : ""));
            }
        }
        return unknown;
    }
}
