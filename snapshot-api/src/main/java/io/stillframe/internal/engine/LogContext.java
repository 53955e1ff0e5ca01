package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** Names the snapshot and its instance on all log lines of some work. */
final class LogContext {
    private static final String SNAPSHOT = "snapshot";
    private static final String INSTANCE = "instance";

    private LogContext() {}

    /** What was named before is named again afterwards. */
    static void run(Snapshot snapshot, Runnable work) {
        String outerSnapshot = MDC.get(SNAPSHOT);
        String outerInstance = MDC.get(INSTANCE);
        MDC.put(SNAPSHOT, snapshot.id().value());
        MDC.put(INSTANCE, snapshot.instance().name());
        try {
            work.run();
        } finally {
            restore(SNAPSHOT, outerSnapshot);
            restore(INSTANCE, outerInstance);
        }
    }

    /** A thread's work that begins with nothing named: some logging backends let a thread inherit what named the work that started it. */
    static Runnable without(Runnable work) {
        return () -> {
            MDC.clear();
            work.run();
        };
    }

    private static void restore(String key, @Nullable String value) {
        if (value == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }
}
