package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Makes calls to a {@link SimulatedHypervisor} fail, wait or meet with something. Calls are counted over all connections; a call that
 * waits counts when it comes. Safe for use by all threads.
 */
public final class SimulatedFaults {
    private final Map<SimulatedOperation, Long> counts = new EnumMap<>(SimulatedOperation.class);
    private final Map<SimulatedOperation, Map<Long, SimulatedFault>> planned = new EnumMap<>(SimulatedOperation.class);
    private final Map<SimulatedOperation, SimulatedFault> standing = new EnumMap<>(SimulatedOperation.class);

    SimulatedFaults() {}

    /** Befalls the next such call, once. */
    public SimulatedFaults next(SimulatedOperation operation, SimulatedFault fault) {
        return nth(operation, 1, fault);
    }

    /**
     * Befalls the n-th such call from now, once.
     *
     * @param n at least 1
     */
    public synchronized SimulatedFaults nth(SimulatedOperation operation, long n, SimulatedFault fault) {
        if (n < 1) {
            throw SnapshotException.invalid("the next call is number 1, got " + n);
        }
        planned.computeIfAbsent(operation, o -> new HashMap<>()).put(count(operation) + n, fault);
        return this;
    }

    /** Befalls every such call for which no other fault is planned, until {@link #clear()}. */
    public synchronized SimulatedFaults always(SimulatedOperation operation, SimulatedFault fault) {
        standing.put(operation, fault);
        return this;
    }

    /** Forgets every fault that has not befallen a call yet. Calls that wait at a gate go on waiting. */
    public synchronized void clear() {
        planned.clear();
        standing.clear();
    }

    /** How many such calls have come so far. */
    public synchronized long count(SimulatedOperation operation) {
        return counts.getOrDefault(operation, 0L);
    }

    <T> T around(SimulatedOperation operation, Cancellation cancellation, Supplier<T> effect) {
        Optional<SimulatedFault> fault = arrive(operation);
        fault.ifPresent(f -> before(operation, f, cancellation));
        T result = effect.get();
        fault.ifPresent(f -> after(operation, f));
        return result;
    }

    private synchronized Optional<SimulatedFault> arrive(SimulatedOperation operation) {
        long number = counts.merge(operation, 1L, Long::sum);
        SimulatedFault once = planned.getOrDefault(operation, Map.of()).get(number);
        if (once == null) {
            return Optional.ofNullable(standing.get(operation));
        }
        planned.getOrDefault(operation, new HashMap<>()).remove(number);
        return Optional.of(once);
    }

    private static void before(SimulatedOperation operation, SimulatedFault fault, Cancellation cancellation) {
        if (fault instanceof SimulatedFault.Before before) {
            throw new SnapshotException(before.kind(), "injected before " + operation + " had an effect");
        } else if (fault instanceof SimulatedFault.Blocked blocked) {
            blocked.gate().pass(cancellation);
        } else if (fault instanceof SimulatedFault.MeanwhileBefore meanwhile) {
            meanwhile.action().run();
        }
    }

    private static void after(SimulatedOperation operation, SimulatedFault fault) {
        if (fault instanceof SimulatedFault.After after) {
            throw new SnapshotException(after.kind(), "injected after " + operation + " had its effect");
        } else if (fault instanceof SimulatedFault.MeanwhileAfter meanwhile) {
            meanwhile.action().run();
        }
    }
}
