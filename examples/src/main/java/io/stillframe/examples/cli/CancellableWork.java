package io.stillframe.examples.cli;

import io.stillframe.spi.Cancellation;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;

/** Runs work that is cancelled, and awaited until it has cleaned up after itself, when the process is told to stop. */
final class CancellableWork {
    private CancellableWork() {}

    /**
     * Runs it in the caller's thread.
     *
     * @param what it is, for the sentence that says it was given up
     */
    static <T> T run(Console console, String what, Function<Cancellation, T> work) {
        Cancellation cancellation = new Cancellation();
        CountDownLatch ended = new CountDownLatch(1);
        InterruptibleWork interrupt = new InterruptibleWork(console, () -> {
            cancellation.cancel("the process was told to stop");
            awaitEnd(ended);
            return what + " was given up";
        });
        try {
            return work.apply(cancellation);
        } finally {
            ended.countDown();
            interrupt.close();
        }
    }

    private static void awaitEnd(CountDownLatch ended) {
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
