package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import software.amazon.awssdk.services.s3.S3AsyncClient;

/**
 * Makes calls on the client and waits for them in the caller's thread: with a deadline for those without a body, with the stall
 * detection of the connection for those with one; an interrupt gives the call up.
 */
final class S3Calls {
    private final Duration requestTimeout;

    S3Calls(Duration requestTimeout) {
        this.requestTimeout = requestTimeout;
    }

    /** A call without a large body. */
    <T> T await(String what, Supplier<CompletableFuture<T>> call) {
        try {
            return raw(call);
        } catch (ExecutionException e) {
            throw S3Errors.map(what, e);
        }
    }

    /** As {@link #await}, but throws what the SDK throws, for those who look closer. */
    <T> T raw(Supplier<CompletableFuture<T>> call) throws ExecutionException {
        return raw(call, requestTimeout, () -> {});
    }

    /**
     * A call that moves many bytes: it may take as long as they keep moving. Throws what the SDK throws.
     *
     * @param abandon stops the use of the caller's buffer; run before this throws
     */
    <T> T transferRaw(Supplier<CompletableFuture<T>> call, Runnable abandon) throws ExecutionException {
        return raw(call, Duration.ofDays(1), abandon);
    }

    private static <T> T raw(Supplier<CompletableFuture<T>> call, Duration limit, Runnable abandon)
            throws ExecutionException {
        if (Thread.currentThread().isInterrupted()) {
            throw new SnapshotException(Kind.CANCELLED, "interrupted before a call to the store");
        }
        CompletableFuture<T> future = start(call);
        boolean answered = false;
        try {
            T answer = future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            answered = true;
            return answer;
        } catch (TimeoutException e) {
            throw new ExecutionException(
                    SnapshotException.transientFault("the store gave no answer within " + limit.toSeconds() + " s", e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(Kind.CANCELLED, "interrupted while waiting for the store", e);
        } finally {
            if (!answered) {
                abandon.run();
                future.cancel(true);
            }
        }
    }

    /** Some faults, such as a closed client, come from the SDK at once. */
    private static <T> CompletableFuture<T> start(Supplier<CompletableFuture<T>> call) throws ExecutionException {
        try {
            return call.get();
        } catch (RuntimeException e) {
            throw new ExecutionException(e);
        }
    }

    /** The client with its calls; for those that use both. */
    record Client(S3AsyncClient s3, S3Calls calls) {}
}
