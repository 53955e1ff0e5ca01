package io.stillframe.examples.cli;

import io.stillframe.model.SnapshotException;

/** The command line lacks or contradicts something that only shows when the command runs; ends with the exit code for usage. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }

    /** A value that the API refused before anything was done. */
    UsageException(SnapshotException refusal) {
        super(refusal.getMessage(), refusal);
    }
}
