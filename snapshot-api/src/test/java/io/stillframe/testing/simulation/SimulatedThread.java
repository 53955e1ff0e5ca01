package io.stillframe.testing.simulation;

import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Takes the place of {@link Thread} in simulated code. Carried by a real thread, of which one at a time runs. */
public final class SimulatedThread {
    private static final long UNWINDING_SECONDS = 10;

    private final Simulation simulation;
    private final String node;
    private final Runnable work;
    private final String name;
    private final Carrier carrier;
    private final Semaphore turn = new Semaphore(0);
    private BooleanSupplier condition = () -> true;
    private long deadline = Long.MAX_VALUE;
    private boolean interruptible;
    private boolean interrupted;
    private boolean ended;
    private volatile boolean killed;

    /** The real thread. */
    private static final class Carrier extends Thread {
        private final SimulatedThread carried;

        Carrier(SimulatedThread carried, String name) {
            super(carried::run, name);
            this.carried = carried;
            setDaemon(true);
        }
    }

    SimulatedThread(Simulation simulation, String node, Runnable work, String name) {
        this.simulation = simulation;
        this.node = node;
        this.work = work;
        this.name = name;
        this.carrier = new Carrier(this, name);
        this.carrier.setContextClassLoader(Thread.currentThread().getContextClassLoader());
    }

    /** As {@link Thread#Thread(Runnable, String)}. */
    public SimulatedThread(Runnable work, String name) {
        this(currentThread().simulation, currentThread().node, work, name);
    }

    public static SimulatedThread currentThread() {
        if (Thread.currentThread() instanceof Carrier carrier) {
            return carrier.carried;
        }
        throw new IllegalStateException("the thread " + Thread.currentThread() + " is none of a simulation's");
    }

    public static void sleep(long millis) throws InterruptedException {
        currentThread().simulation.await(() -> false, TimeUnit.MILLISECONDS.toNanos(millis));
    }

    public static boolean interrupted() {
        return currentThread().takeInterrupt();
    }

    public void setDaemon(boolean value) {
        // All are.
    }

    public String getName() {
        return name;
    }

    public void start() {
        simulation.begin(this);
    }

    public void interrupt() {
        interrupted = true;
    }

    public boolean isInterrupted() {
        return interrupted;
    }

    public boolean isAlive() {
        return !ended && !killed;
    }

    public void join() throws InterruptedException {
        simulation.await(() -> ended, Long.MAX_VALUE);
    }

    public void join(long millis) throws InterruptedException {
        simulation.await(() -> ended, TimeUnit.MILLISECONDS.toNanos(millis));
    }

    Simulation simulation() {
        return simulation;
    }

    String node() {
        return node;
    }

    boolean isMain() {
        return node.equals("world") && name.equals("main");
    }

    boolean isKilled() {
        return killed;
    }

    void kill() {
        killed = true;
    }

    boolean takeInterrupt() {
        boolean was = interrupted;
        interrupted = false;
        return was;
    }

    void waitFor(BooleanSupplier value, long until, boolean mayBeInterrupted) {
        condition = value;
        deadline = until;
        interruptible = mayBeInterrupted;
    }

    boolean canGoOn(long now) {
        return deadline <= now || (interruptible && interrupted) || condition.getAsBoolean();
    }

    long deadline() {
        return deadline;
    }

    void carry() {
        carrier.start();
    }

    void resume() {
        turn.release();
    }

    void park() {
        turn.acquireUninterruptibly();
    }

    void awaitEnd() {
        try {
            carrier.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets a killed thread's real one end. */
    void unwind() {
        resume();
        try {
            carrier.join(TimeUnit.SECONDS.toMillis(UNWINDING_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (carrier.isAlive()) {
            throw new AssertionError("thread " + name + " does not end although it was killed");
        }
    }

    private void run() {
        park();
        Optional<Throwable> cause = Optional.empty();
        try {
            if (!killed) {
                work.run();
            }
        } catch (Simulation.Killed | RejectedExecutionException e) {
            // As it should: it was killed, or its pool was closed while it had something to add.
        } catch (RuntimeException | Error e) {
            cause = Optional.of(e);
        }
        ended = true;
        simulation.ended(this, cause);
    }

    @Override
    public String toString() {
        return node + "/" + name;
    }
}
