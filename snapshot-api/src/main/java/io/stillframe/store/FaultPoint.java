package io.stillframe.store;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The faults of one operation. Safe for use by several threads. */
final class FaultPoint {
    private final FaultInjectingStore.Operation operation;
    private final List<Planned> planned = new ArrayList<>();
    private final List<Latch> blocking = new ArrayList<>();
    private final List<Latch> blocked = new ArrayList<>();
    private Optional<Kind> always = Optional.empty();
    private long calls;

    /**
     * A fault of one call.
     *
     * @param call its number since the store was made
     */
    private record Planned(long call, Kind kind, boolean afterEffect) {}

    /** What one call is to meet. */
    private record Encounter(Optional<Latch> gate, Optional<Kind> before, Optional<Kind> after) {}

    FaultPoint(FaultInjectingStore.Operation operation) {
        this.operation = operation;
    }

    synchronized void failOnce(int call, Kind kind, boolean afterEffect) {
        if (call < 1) {
            throw SnapshotException.invalid("calls are counted from 1, got " + call);
        }
        planned.add(new Planned(calls + call, kind, afterEffect));
    }

    synchronized void failAlways(Kind kind) {
        always = Optional.of(kind);
    }

    synchronized FaultInjectingStore.Gate block() {
        Latch latch = new Latch();
        blocking.add(latch);
        return latch;
    }

    synchronized long calls() {
        return calls;
    }

    synchronized void heal() {
        always = Optional.empty();
        planned.clear();
        blocking.forEach(Latch::open);
        blocked.forEach(Latch::open);
        blocking.clear();
        blocked.clear();
    }

    /**
     * Makes the call, unless it is to fail.
     *
     * @param lost what to do with the result of a call whose answer gets lost
     */
    <T> T passing(Supplier<T> call, Consumer<T> lost) {
        Encounter encounter = next();
        encounter.gate().ifPresent(Latch::pass);
        encounter.before().ifPresent(this::fail);
        T result = call.get();
        if (encounter.after().isPresent()) {
            lost.accept(result);
            fail(encounter.after().get());
        }
        return result;
    }

    private synchronized Encounter next() {
        calls++;
        Optional<Latch> gate = blocking.isEmpty() ? Optional.empty() : Optional.of(blocking.remove(0));
        gate.ifPresent(blocked::add);
        return new Encounter(gate, take(false).or(() -> always), take(true));
    }

    private Optional<Kind> take(boolean afterEffect) {
        Optional<Planned> now = planned.stream()
                .filter(fault -> fault.call() == calls && fault.afterEffect() == afterEffect)
                .findFirst();
        now.ifPresent(planned::remove);
        return now.map(Planned::kind);
    }

    private void fail(Kind kind) {
        throw new SnapshotException(kind, "injected fault of " + operation);
    }

    /** Holds back one call. */
    private static final class Latch implements FaultInjectingStore.Gate {
        private final CountDownLatch arrived = new CountDownLatch(1);
        private final CountDownLatch opened = new CountDownLatch(1);

        @Override
        public void awaitArrival(Duration patience) {
            if (!await(arrived, patience.toNanos())) {
                throw SnapshotException.cancelled("no call came to the gate within " + patience);
            }
        }

        @Override
        public void open() {
            opened.countDown();
        }

        void pass() {
            arrived.countDown();
            await(opened, Long.MAX_VALUE);
        }

        private static boolean await(CountDownLatch latch, long nanos) {
            try {
                return latch.await(nanos, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SnapshotException(Kind.CANCELLED, "interrupted at a gate", e);
            }
        }
    }
}
