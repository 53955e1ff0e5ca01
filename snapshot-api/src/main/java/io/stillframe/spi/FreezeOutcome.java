package io.stillframe.spi;

/** What became of the wish to freeze a guest's file systems. */
public sealed interface FreezeOutcome {
    /**
     * They are frozen, and {@code thaw} is owed.
     *
     * @param fileSystems how many
     */
    record Frozen(int fileSystems) implements FreezeOutcome {}

    /**
     * They are not frozen, certainly: nothing is owed.
     *
     * @param reason for a person, e.g. that no agent answers
     */
    record Unavailable(String reason) implements FreezeOutcome {}
}
