package io.stillframe.internal.image;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Collects the first faults of one kind. For one thread at a time. */
public final class Findings {
    private static final int MOST = 100;

    private final List<String> texts = new ArrayList<>();

    /**
     * A check's result, or the fault that left it nothing to look at.
     *
     * @param faults kinds of exceptions that say so and become the only finding; others are thrown
     */
    public static ImageCheck of(Supplier<ImageCheck> check, SnapshotException.Kind... faults) {
        try {
            return check.get();
        } catch (SnapshotException e) {
            if (!List.of(faults).contains(e.kind())) {
                throw e;
            }
            return new ImageCheck(List.of(String.valueOf(e.getMessage())), List.of(), 0);
        }
    }

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
