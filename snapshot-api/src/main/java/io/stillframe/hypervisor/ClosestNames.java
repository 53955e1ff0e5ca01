package io.stillframe.hypervisor;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Picks, from the names that exist, those that a person may have meant. */
final class ClosestNames {
    private static final int SHOWN = 5;

    private ClosestNames() {}

    /** For a message: the closest names, the closest first, and how many there are besides. */
    static String describe(String wanted, Collection<String> existing) {
        if (existing.isEmpty()) {
            return "there are none";
        }
        List<String> closest = existing.stream()
                .sorted(Comparator.comparingInt((String name) -> distance(wanted, name))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(SHOWN)
                .toList();
        int others = existing.size() - closest.size();
        return "closest are " + closest + (others == 0 ? "" : " and " + others + " more");
    }

    /** Levenshtein's distance, two rows at a time. */
    static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(previous[j], row[j - 1]));
            }
            previous = row;
        }
        return previous[b.length()];
    }
}
