package io.stillframe.libvirt.internal.driver;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The names that somebody who mistyped one may have meant. */
final class ClosestNames {
    private static final int MOST = 5;

    private ClosestNames() {}

    /** At most five of the names, the closest first. */
    static List<String> to(String wanted, List<String> names) {
        return names.stream()
                .sorted(Comparator.<String>comparingInt(
                                name -> distance(wanted.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(MOST)
                .toList();
    }

    /** Levenshtein's: fewest insertions, removals and replacements that turn one into the other. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
