package io.stillframe.image.vmdk;

import java.util.ArrayList;
import java.util.List;

/** Collects the first faults. For one thread at a time. */
final class Findings {
    private static final int MOST = 100;

    private final List<String> texts = new ArrayList<>();

    /** A pattern as for {@link String#format}; not formatted once the list is full. */
    @SuppressWarnings("AnnotateFormatMethod")
    void add(String pattern, Object... values) {
        if (texts.size() < MOST) {
            texts.add(String.format(pattern, values));
        }
    }

    List<String> texts() {
        return texts;
    }
}
