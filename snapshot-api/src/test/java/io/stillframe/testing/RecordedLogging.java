package io.stillframe.testing;

import java.lang.ref.WeakReference;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.AbstractLogger;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * A logging backend that keeps every line with what named the work at that moment. Its threads inherit that from those that start them,
 * as with some backends. A process takes it by {@link #install()} before it logs for the first time.
 */
public final class RecordedLogging implements SLF4JServiceProvider {
    private static final List<Line> LINES = new CopyOnWriteArrayList<>();
    private static final InheritedContext CONTEXT = new InheritedContext();

    /**
     * A line.
     *
     * @param thread the name of the thread that logged it
     * @param logger the logger's name
     * @param context what named the work
     * @param message as formatted
     */
    public record Line(String thread, String logger, Map<String, String> context, String message) {}

    /** Makes this the process's backend. */
    public static void install() {
        System.setProperty("slf4j.provider", RecordedLogging.class.getName());
    }

    /** All lines so far, in order. */
    public static List<Line> lines() {
        return List.copyOf(LINES);
    }

    /** What still names work on threads that live. */
    public static List<Map<String, String>> left() {
        // Those of threads that have ended are garbage.
        System.gc();
        return CONTEXT.all.stream()
                .map(WeakReference::get)
                .filter(Objects::nonNull)
                .map(Map::copyOf)
                .filter(map -> !map.isEmpty())
                .toList();
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return Recorder::new;
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return new BasicMarkerFactory();
    }

    @Override
    public MDCAdapter getMDCAdapter() {
        return CONTEXT;
    }

    @Override
    public String getRequestedApiVersion() {
        return "2.0.99";
    }

    @Override
    public void initialize() {
        // Nothing to be made ready.
    }

    private static final class Recorder extends AbstractLogger {
        private static final long serialVersionUID = 1L;

        Recorder(String name) {
            this.name = name;
        }

        @Override
        protected @Nullable String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level,
                @Nullable Marker marker,
                String pattern,
                Object @Nullable [] arguments,
                @Nullable Throwable thrown) {
            LINES.add(new Line(
                    Thread.currentThread().getName(),
                    name,
                    Map.copyOf(CONTEXT.getCopyOfContextMap()),
                    MessageFormatter.basicArrayFormat(pattern, arguments)));
        }

        @Override
        public boolean isTraceEnabled() {
            return true;
        }

        @Override
        public boolean isTraceEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isDebugEnabled() {
            return true;
        }

        @Override
        public boolean isDebugEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isInfoEnabled() {
            return true;
        }

        @Override
        public boolean isInfoEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isWarnEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled(Marker marker) {
            return true;
        }
    }

    /** Each thread's names; all of them can be looked at from outside. */
    private static final class InheritedContext implements MDCAdapter {
        private final List<WeakReference<Map<String, String>>> all = new CopyOnWriteArrayList<>();
        private final InheritableThreadLocal<Map<String, String>> own = new InheritableThreadLocal<>() {
            @Override
            protected Map<String, String> initialValue() {
                return known(Map.of());
            }

            @Override
            protected Map<String, String> childValue(Map<String, String> parent) {
                return known(parent);
            }
        };

        private Map<String, String> known(Map<String, String> content) {
            Map<String, String> map = new ConcurrentHashMap<>(content);
            all.add(new WeakReference<>(map));
            return map;
        }

        @Override
        public void put(String key, String value) {
            own.get().put(key, value);
        }

        @Override
        public @Nullable String get(String key) {
            return own.get().get(key);
        }

        @Override
        public void remove(String key) {
            own.get().remove(key);
        }

        @Override
        public void clear() {
            own.get().clear();
        }

        @Override
        public Map<String, String> getCopyOfContextMap() {
            return Map.copyOf(own.get());
        }

        @Override
        public void setContextMap(Map<String, String> content) {
            clear();
            own.get().putAll(content);
        }

        @Override
        public void pushByKey(String key, String value) {
            throw new UnsupportedOperationException("no stacks");
        }

        @Override
        public @Nullable String popByKey(String key) {
            throw new UnsupportedOperationException("no stacks");
        }

        @Override
        public @Nullable Deque<String> getCopyOfDequeByKey(String key) {
            return null;
        }

        @Override
        public void clearDequeByKey(String key) {
            throw new UnsupportedOperationException("no stacks");
        }
    }
}
