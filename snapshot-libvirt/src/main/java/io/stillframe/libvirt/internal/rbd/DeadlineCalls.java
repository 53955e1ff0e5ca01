package io.stillframe.libvirt.internal.rbd;

import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls of librbd end. Its own limits cover what monitors and OSDs may take, but a change of an image is made by whoever has the
 * image open for writing, and librbd waits for a stopped QEMU for ever. So each call is made on a thread of its own, which is left
 * behind with everything that it opened when the caller has waited long enough.
 */
final class DeadlineCalls {
    private static final long PAUSE_MILLIS = 100;

    /** Threads end soon after their last call, and what is still open can be closed after all else. */
    private final ExecutorService threads =
            new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), work -> {
                Thread thread = new Thread(work, "stillframe-rbd");
                thread.setDaemon(true);
                return thread;
            });

    <T> T within(Duration limit, String action, Effect effect, Supplier<T> call) {
        return within(limit, action, effect, call, late -> {});
    }

    /** @param ifLate gets what the call gives when nobody waits for it any more */
    <T> T within(Duration limit, String action, Effect effect, Supplier<T> call, Consumer<T> ifLate) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        threads.execute(() -> answer(call, answer, ifLate));
        try {
            return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return unlessAnswered(answer, RbdFaults.late(action, effect, limit.toSeconds()), action);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            Kind kind = effect == Effect.NONE ? Kind.CANCELLED : Kind.OUTCOME_UNKNOWN;
            return unlessAnswered(
                    answer, new SnapshotException(kind, "interrupted while Ceph was to " + action, e), action);
        } catch (ExecutionException e) {
            throw failure(action, e.getCause());
        }
    }

    private static <T> void answer(Supplier<T> call, CompletableFuture<T> answer, Consumer<T> ifLate) {
        T value;
        try {
            value = call.get();
        } catch (RuntimeException | Error e) {
            answer.completeExceptionally(e);
            return;
        }
        if (!answer.complete(value)) {
            ifLate.accept(value);
        }
    }

    /** The answer may come in the moment that it is given up. */
    private static <T> T unlessAnswered(CompletableFuture<T> answer, SnapshotException givenUp, String action) {
        if (answer.completeExceptionally(givenUp)) {
            throw givenUp;
        }
        try {
            return answer.join();
        } catch (CompletionException e) {
            throw failure(action, e.getCause());
        }
    }

    /**
     * Makes a call that takes as long as it takes.
     *
     * @param check looked at several times a second; gives the call up by throwing
     */
    void watched(String action, Supplier<?> call, Runnable check) {
        Future<?> pending = threads.submit(call::get);
        while (true) {
            check.run();
            try {
                pending.get(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                // The check says whether to go on.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SnapshotException(Kind.CANCELLED, "interrupted while Ceph was to " + action, e);
            } catch (ExecutionException e) {
                throw failure(action, e.getCause());
            }
        }
    }

    private static RuntimeException failure(String action, @Nullable Throwable cause) {
        if (cause instanceof SnapshotException failure) {
            return failure;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return SnapshotException.permanent("a call to Ceph, to " + action + ", broke: " + cause, cause);
    }
}
