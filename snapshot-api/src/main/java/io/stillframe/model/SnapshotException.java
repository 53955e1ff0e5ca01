package io.stillframe.model;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one exception of the product. Its {@link Kind} says what went wrong and whether trying again can help; its message states
 * the value, the limit and the remedy. Messages never carry secrets.
 */
public final class SnapshotException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong, by who can mend it. */
    public enum Kind {
        /** The named instance, snapshot, object or plugin does not exist. */
        NOT_FOUND(false),
        /** Somebody else holds or changed the thing meanwhile; look again before retrying. */
        CONFLICT(false),
        /** The caller's value is outside what is allowed. */
        INVALID(false),
        /** The thing is valid, but this implementation or endpoint cannot do it. */
        UNSUPPORTED(false),
        /** Stored or read bytes are not what they must be. */
        CORRUPT(false),
        /** The other side asked to slow down. */
        THROTTLED(true),
        /** A passing fault: the effect did not happen and trying again can help. */
        TRANSIENT(true),
        /** A lasting fault: trying again without a change outside will fail again. */
        PERMANENT(false),
        /** This process lost its lease; another one has taken over. */
        FENCED(false),
        /** The work was cancelled. */
        CANCELLED(false),
        /** A call may or may not have had its effect; resolve by looking, never by assuming. */
        OUTCOME_UNKNOWN(false);

        private final boolean retryable;

        Kind(boolean retryable) {
            this.retryable = retryable;
        }

        /** Whether the same call can succeed when simply made again later. */
        public boolean retryable() {
            return retryable;
        }
    }

    private final Kind kind;
    private final @Nullable Duration retryAfter;

    /**
     * @param kind what went wrong
     * @param message the value, the limit and the remedy; no secrets
     */
    public SnapshotException(Kind kind, String message) {
        this(kind, message, null);
    }

    /**
     * @param kind what went wrong
     * @param message the value, the limit and the remedy; no secrets
     * @param cause what was caught, or null
     */
    public SnapshotException(Kind kind, String message, @Nullable Throwable cause) {
        this(kind, message, cause, null);
    }

    private SnapshotException(Kind kind, String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        super(Objects.requireNonNull(message, "message"), cause);
        this.kind = Objects.requireNonNull(kind, "kind");
        this.retryAfter = retryAfter;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }

    /** Short for {@code kind().retryable()}. */
    public boolean retryable() {
        return kind.retryable();
    }

    /** How long the other side asked to wait before the call is made again, if it said so; not negative. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /**
     * THROTTLED.
     *
     * @param retryAfter how long the other side asked to wait, if it said so
     */
    public static SnapshotException throttled(
            String message, Optional<Duration> retryAfter, @Nullable Throwable cause) {
        return new SnapshotException(Kind.THROTTLED, message, cause, retryAfter.orElse(null));
    }

    public static SnapshotException notFound(String message) {
        return new SnapshotException(Kind.NOT_FOUND, message);
    }

    public static SnapshotException conflict(String message) {
        return new SnapshotException(Kind.CONFLICT, message);
    }

    public static SnapshotException invalid(String message) {
        return new SnapshotException(Kind.INVALID, message);
    }

    public static SnapshotException unsupported(String message) {
        return new SnapshotException(Kind.UNSUPPORTED, message);
    }

    public static SnapshotException corrupt(String message) {
        return new SnapshotException(Kind.CORRUPT, message);
    }

    public static SnapshotException cancelled(String message) {
        return new SnapshotException(Kind.CANCELLED, message);
    }

    public static SnapshotException transientFault(String message, @Nullable Throwable cause) {
        return new SnapshotException(Kind.TRANSIENT, message, cause);
    }

    public static SnapshotException permanent(String message, @Nullable Throwable cause) {
        return new SnapshotException(Kind.PERMANENT, message, cause);
    }
}
