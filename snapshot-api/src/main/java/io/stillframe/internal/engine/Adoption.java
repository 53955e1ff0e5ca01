package io.stillframe.internal.engine;

import io.stillframe.model.RecoveryReport;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Goes on, as long as the service lives, with what services that died have left: looks about once per lease. */
final class Adoption implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);

    private final Function<Cancellation, RecoveryReport> adopt;
    private final Duration interval;
    private final Cancellation closed = new Cancellation();
    private final Signal never = new Signal();
    private final Thread thread;

    Adoption(Function<Cancellation, RecoveryReport> adopt, Duration interval, String name) {
        this.adopt = adopt;
        this.interval = interval;
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (!closed.requested()) {
            try {
                RecoveryReport report = adopt.apply(closed);
                report.items().forEach(item -> LOG.info("{}: {}, {}", item.snapshot(), item.outcome(), item.detail()));
            } catch (RuntimeException | Error e) {
                LOG.warn("what other services may have left could not be looked after, trying again: {}", e.toString());
            }
            long nanos = interval.toNanos();
            try {
                never.await(nanos - ThreadLocalRandom.current().nextLong(nanos / 2 + 1));
            } catch (RuntimeException e) {
                return;
            }
        }
    }

    @Override
    public void close() {
        closed.cancel("the service is being closed");
        thread.interrupt();
        Threads.join(thread);
    }
}
