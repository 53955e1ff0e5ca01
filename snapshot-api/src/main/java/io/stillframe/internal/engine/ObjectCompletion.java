package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import java.util.Optional;
import java.util.function.Function;

/**
 * Makes a stored object visible and makes sure that it is whole. A lost answer is resolved by looking: the object did not exist when
 * its upload was begun, and nobody else may create it.
 */
final class ObjectCompletion {
    private final ObjectStore store;
    private final Retries retries;
    private final Cancellation cancellation;

    ObjectCompletion(ObjectStore store, Retries retries, Cancellation cancellation) {
        this.store = store;
        this.retries = retries;
        this.cancellation = cancellation;
    }

    /**
     * Completes an upload.
     *
     * @param length what the object must have
     * @throws SnapshotException CORRUPT if it has another length; CONFLICT if another object of that name exists
     */
    void complete(ObjectKey key, long length, Function<PublishMode, PublishOutcome> upload) {
        ObjectStat stat = retries.call("completing an upload", cancellation, () -> publish(key, length, upload));
        requireLength(stat, length);
    }

    private ObjectStat publish(ObjectKey key, long length, Function<PublishMode, PublishOutcome> upload) {
        try {
            PublishOutcome outcome = upload.apply(PublishMode.CREATE_IF_ABSENT);
            if (outcome instanceof PublishOutcome.AlreadyExists other) {
                return own(other.existing(), length);
            }
            return store.stat(key).orElseThrow(() -> missing(key));
        } catch (SnapshotException e) {
            if (!e.retryable() && e.kind() != Kind.OUTCOME_UNKNOWN && e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
            return found(key, length).orElseThrow(() -> notThere(key, e));
        }
    }

    /** The answer to an earlier try may have been lost. */
    private static ObjectStat own(ObjectStat existing, long length) {
        if (existing.size() == length) {
            return existing;
        }
        throw SnapshotException.conflict("object " + existing.key() + " exists with " + existing.size()
                + " bytes and was left untouched; another process has written it");
    }

    private Optional<ObjectStat> found(ObjectKey key, long length) {
        return store.stat(key).filter(stat -> stat.size() == length);
    }

    private static SnapshotException notThere(ObjectKey key, SnapshotException cause) {
        return cause.kind() == Kind.OUTCOME_UNKNOWN
                ? SnapshotException.transientFault("object " + key + " was not completed: " + cause.getMessage(), cause)
                : cause;
    }

    private static SnapshotException missing(ObjectKey key) {
        return SnapshotException.corrupt("object " + key + " was completed, but the store does not have it");
    }

    private static void requireLength(ObjectStat stat, long length) {
        if (stat.size() != length) {
            throw SnapshotException.corrupt(
                    "object " + stat.key() + " has " + stat.size() + " bytes in the store, " + length + " were sent");
        }
    }
}
