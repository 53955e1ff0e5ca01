package io.stillframe.internal.image;

import java.util.ArrayList;
import java.util.List;

/** Collects the first faults of one kind. For one thread at a time. */
public final class Findings {
    private static final int MOST = 100;

    private final List<String> texts = new ArrayList<>();

    /** A pattern as for {@link String#format}; not formatted once the list is full. */
    @SuppressWarnings("AnnotateFormatMethod")
    public void add(String pattern, Object... values) {
        if (texts.size() < MOST) {
            texts.add(String.format(pattern, values));
        }
    }

    public List<String> texts() {
        return texts;
    }
}
