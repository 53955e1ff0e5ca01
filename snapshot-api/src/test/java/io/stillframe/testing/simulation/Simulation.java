package io.stillframe.testing.simulation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Runs threads one at a time, in an order and on a time that a seed decides: the same seed gives the same run, instruction by
 * instruction. Code whose classes came from a {@link SimulatedClasses} meets it wherever it would block, sleep, start a thread, or ask
 * for the time; it goes on when the simulation chooses it. Time passes only when every thread waits for it.
 *
 * <p>Threads belong to nodes. A node that is killed never runs again; what its threads were in the middle of stays as it was.
 */
public final class Simulation {
    /** What a thread gets that must not run any more. */
    public static final class Killed extends ThreadDeath {
        private static final long serialVersionUID = 1L;
    }

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final Random random;
    private final List<SimulatedThread> threads = new ArrayList<>();
    private final List<SimulatedThread> dead = new ArrayList<>();
    private final Map<String, NodeClock> clocks = new HashMap<>();
    private final Map<Object, Monitor> monitors = new IdentityHashMap<>();
    private final Runnable onSwitch;
    private final long most;
    private long now;
    private long switches;
    private boolean over;
    private Optional<Throwable> failure = Optional.empty();

    /** Who is in an object's monitor. */
    private static final class Monitor {
        private Optional<SimulatedThread> owner = Optional.empty();
        private int depth;
    }

    private Simulation(long seed, long most, Runnable onSwitch) {
        this.random = new Random(seed);
        this.most = most;
        this.onSwitch = onSwitch;
    }

    /**
     * Runs {@code main} and all threads that it starts until {@code main} ends.
     *
     * @param most switches between threads, above which the run is called endless
     * @param onSwitch called whenever a thread gives way, to check what always holds
     */
    public static void run(long seed, long most, Runnable onSwitch, Runnable main) {
        Simulation simulation = new Simulation(seed, most, onSwitch);
        SimulatedThread first = new SimulatedThread(simulation, "world", main, "main");
        simulation.threads.add(first);
        first.carry();
        first.resume();
        first.awaitEnd();
        simulation.end();
        simulation.failure.ifPresent(e -> {
            throw e instanceof Error error ? error : new AssertionError(e);
        });
    }

    /** The simulation that the calling thread is of. */
    public static Simulation current() {
        return SimulatedThread.currentThread().simulation();
    }

    public Random random() {
        return random;
    }

    /** Nanoseconds since the start. */
    public long now() {
        return now;
    }

    public long switches() {
        return switches;
    }

    /** The true time, that no node's clock need show. */
    public Instant trueTime() {
        return START.plusNanos(now);
    }

    /** A clock that always shows the true time. */
    public Clock trueClock() {
        return new NodeClock(this);
    }

    /** A node's clock, that may be set. */
    public NodeClock clockOf(String node) {
        return clocks.computeIfAbsent(node, name -> new NodeClock(this));
    }

    /** Takes the place of {@link System#nanoTime}. */
    public static long nanoTime() {
        return current().now;
    }

    /** Takes the place of {@link Clock#systemUTC}. */
    public static Clock systemUTC() {
        SimulatedThread thread = SimulatedThread.currentThread();
        return thread.simulation().clockOf(thread.node());
    }

    /** Takes the place of entering a monitor. */
    public static void enter(Object object) {
        current().enterMonitor(object);
    }

    /** Takes the place of leaving a monitor. */
    public static void exit(Object object) {
        current().exitMonitor(object);
    }

    private void enterMonitor(Object object) {
        SimulatedThread self = SimulatedThread.currentThread();
        Monitor monitor = monitors.computeIfAbsent(object, o -> new Monitor());
        if (monitor.owner.filter(self::equals).isEmpty()) {
            if (monitor.owner.isPresent()) {
                awaitUninterruptibly(() -> monitor.owner.isEmpty());
            }
            monitor.owner = Optional.of(self);
            monitors.put(object, monitor);
        }
        monitor.depth++;
    }

    private void exitMonitor(Object object) {
        Monitor monitor = monitors.get(object);
        if (monitor != null && --monitor.depth == 0) {
            monitor.owner = Optional.empty();
            monitors.remove(object);
        }
    }

    /** Gives way: whichever thread is chosen runs next. */
    public void step() {
        awaitUninterruptibly(() -> true);
    }

    /** Waits until the condition holds, whatever time that takes. */
    public void awaitUninterruptibly(BooleanSupplier condition) {
        SimulatedThread self = SimulatedThread.currentThread();
        self.waitFor(condition, Long.MAX_VALUE, false);
        handOver(self);
    }

    /**
     * Waits until the condition holds or the time is over.
     *
     * @return whether the condition holds
     * @throws InterruptedException if the thread is interrupted
     */
    public boolean await(BooleanSupplier condition, long nanos) throws InterruptedException {
        SimulatedThread self = SimulatedThread.currentThread();
        long deadline = nanos >= Long.MAX_VALUE - now ? Long.MAX_VALUE : now + Math.max(0, nanos);
        self.waitFor(condition, deadline, true);
        handOver(self);
        if (self.takeInterrupt()) {
            throw new InterruptedException("in a simulation");
        }
        return condition.getAsBoolean();
    }

    /** Lets time pass for the calling thread. */
    public void sleep(long amount, TimeUnit unit) {
        try {
            await(() -> false, unit.toNanos(amount));
        } catch (InterruptedException e) {
            SimulatedThread.currentThread().interrupt();
        }
    }

    /** Time passes for everybody at once, as over a machine's sleep. */
    public void pass(Duration time) {
        now += time.toNanos();
    }

    /** A node's threads never run again. The caller is none of them. */
    public void kill(String node) {
        List<SimulatedThread> all =
                threads.stream().filter(thread -> thread.node().equals(node)).toList();
        all.forEach(SimulatedThread::kill);
        threads.removeAll(all);
        dead.addAll(all);
        monitors.values()
                .removeIf(monitor ->
                        monitor.owner.filter(SimulatedThread::isKilled).isPresent());
    }

    /** Runs {@code work} on a new thread of a node. */
    public SimulatedThread start(String node, String name, Runnable work) {
        SimulatedThread thread = new SimulatedThread(this, node, work, name);
        begin(thread);
        return thread;
    }

    void begin(SimulatedThread thread) {
        if (over || SimulatedThread.currentThread().isKilled()) {
            throw new Killed();
        }
        thread.waitFor(() -> true, Long.MAX_VALUE, false);
        threads.add(thread);
        thread.carry();
    }

    /** The calling thread has come to its end. */
    void ended(SimulatedThread self, Optional<Throwable> cause) {
        threads.remove(self);
        if (over || self.isKilled()) {
            return;
        }
        if (cause.isPresent() && failure.isEmpty()) {
            failure = cause;
        }
        if (!threads.isEmpty() && threads.get(0).isMain()) {
            choose().resume();
        }
    }

    private void handOver(SimulatedThread self) {
        if (over || self.isKilled()) {
            throw new Killed();
        }
        check();
        SimulatedThread next = choose();
        if (next != self) {
            next.resume();
            self.park();
        }
        if (over || self.isKilled()) {
            throw new Killed();
        }
        if (self.isMain() && failure.isPresent()) {
            throw new IllegalStateException("a simulated thread failed", failure.get());
        }
    }

    private void check() {
        switches++;
        try {
            if (switches > most) {
                throw new AssertionError("no end after " + most + " switches; waiting: " + threads);
            }
            onSwitch.run();
        } catch (RuntimeException | Error e) {
            if (failure.isEmpty()) {
                failure = Optional.of(e);
            }
        }
    }

    /** At random of those that can go on; if none can, time passes until one can. */
    private SimulatedThread choose() {
        if (failure.isPresent()) {
            return threads.get(0);
        }
        List<SimulatedThread> ready = ready();
        if (ready.isEmpty()) {
            long next =
                    threads.stream().mapToLong(SimulatedThread::deadline).min().orElse(Long.MAX_VALUE);
            if (next == Long.MAX_VALUE) {
                failure = Optional.of(new AssertionError("every thread waits for ever: " + threads));
                return threads.get(0);
            }
            now = Math.max(now, next);
            ready = ready();
        }
        return ready.get(random.nextInt(ready.size()));
    }

    private List<SimulatedThread> ready() {
        List<SimulatedThread> ready = new ArrayList<>();
        for (SimulatedThread thread : threads) {
            if (thread.canGoOn(now)) {
                ready.add(thread);
            }
        }
        return ready;
    }

    /** Lets every thread that is left run into its death. */
    private void end() {
        over = true;
        dead.addAll(threads);
        dead.forEach(SimulatedThread::kill);
        dead.forEach(SimulatedThread::unwind);
    }
}
