package io.stillframe.store;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Publishes, and finds out what became of it when nobody said: a small object by its content; a parted upload by whether it is still
 * unfinished, since a completed one no longer is.
 */
record UnknownOutcomes(ObjectStore store, StoreRetries retries) {
    PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        String what = "putting " + key;
        for (int failures = 1; ; failures++) {
            try {
                return retries.call(what, () -> store.put(key, bytes.duplicate(), mode, options));
            } catch (SnapshotException e) {
                requireUnknown(e);
                Optional<ObjectStat> found = retries.call("looking for " + key, () -> store.stat(key));
                if (found.isPresent() && holds(found.get(), bytes)) {
                    return new PublishOutcome.Published(found.get());
                }
                if (found.isPresent() && mode == PublishMode.CREATE_IF_ABSENT) {
                    return new PublishOutcome.AlreadyExists(found.get());
                }
                retries.pauseOrGiveUp(what, failures, e);
            }
        }
    }

    private boolean holds(ObjectStat found, ByteBuffer bytes) {
        if (found.size() != bytes.remaining()) {
            return false;
        }
        ByteBuffer content = ByteBuffer.allocate(bytes.remaining());
        try (ByteSource source = store.open(found.key())) {
            retries.call("reading " + found.key(), () -> {
                source.read(0, content.clear());
                return source;
            });
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND || e.kind() == Kind.CONFLICT) {
                return false;
            }
            throw e;
        }
        return content.flip().equals(bytes);
    }

    PublishOutcome complete(UploadSession session, List<PartReceipt> parts, PublishMode mode) {
        String what = "completing the upload of " + session.token().key();
        try {
            return retries.call(what, () -> session.complete(parts, mode));
        } catch (SnapshotException e) {
            requireUnknown(e);
            if (!store.capabilities().has(StoreCapability.RESUME)) {
                throw e;
            }
            return resolve(what, session, parts, mode, e);
        }
    }

    private PublishOutcome resolve(
            String what, UploadSession session, List<PartReceipt> parts, PublishMode mode, SnapshotException unknown) {
        SnapshotException last = unknown;
        for (int failures = 1; ; failures++) {
            retries.pauseOrGiveUp(what, failures, last);
            try {
                return again(session, parts, mode);
            } catch (SnapshotException e) {
                if (e.kind() == Kind.NOT_FOUND) {
                    return ended(session.token().key(), parts, mode, unknown);
                }
                if (!e.retryable()) {
                    requireUnknown(e);
                }
                last = new SnapshotException(Kind.OUTCOME_UNKNOWN, String.valueOf(unknown.getMessage()), e);
            }
        }
    }

    /** NOT_FOUND if the upload is no longer unfinished. */
    private PublishOutcome again(UploadSession session, List<PartReceipt> parts, PublishMode mode) {
        try (UploadSession resumed = store.resumeUpload(session.token())) {
            return completeOrLeave(resumed, parts, mode);
        }
    }

    private static PublishOutcome completeOrLeave(UploadSession resumed, List<PartReceipt> parts, PublishMode mode) {
        try {
            return resumed.complete(parts, mode);
        } catch (SnapshotException e) {
            resumed.detach();
            throw e;
        }
    }

    private PublishOutcome ended(ObjectKey key, List<PartReceipt> parts, PublishMode mode, SnapshotException unknown) {
        long size = parts.stream().mapToLong(PartReceipt::size).sum();
        Optional<ObjectStat> found = retries.call("looking for " + key, () -> store.stat(key));
        if (found.filter(stat -> stat.size() == size).isPresent()) {
            return new PublishOutcome.Published(found.get());
        }
        if (found.isPresent() && mode == PublishMode.CREATE_IF_ABSENT) {
            return new PublishOutcome.AlreadyExists(found.get());
        }
        throw unknown;
    }

    private static void requireUnknown(SnapshotException e) {
        if (e.kind() != Kind.OUTCOME_UNKNOWN) {
            throw e;
        }
    }
}
