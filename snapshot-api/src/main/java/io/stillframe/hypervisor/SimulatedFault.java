package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException.Kind;

/** What befalls a call to a {@link SimulatedHypervisor}. */
public sealed interface SimulatedFault {
    /**
     * The call throws and has no effect.
     *
     * @param kind what is thrown
     */
    record Before(Kind kind) implements SimulatedFault {}

    /**
     * The call has its effect and throws nevertheless.
     *
     * @param kind what is thrown
     */
    record After(Kind kind) implements SimulatedFault {}

    /**
     * The call waits, before it has an effect, until the gate opens. A release under way can be cancelled meanwhile.
     *
     * @param gate where it waits
     */
    record Blocked(SimulatedGate gate) implements SimulatedFault {}

    /**
     * Something happens just before the call has its effect, on the caller's thread: somebody starts the instance by hand, say. What
     * it throws, the call throws.
     *
     * @param action what happens
     */
    record MeanwhileBefore(Runnable action) implements SimulatedFault {}

    /**
     * Something happens just after the call had its effect, on the caller's thread. What it throws, the call throws.
     *
     * @param action what happens
     */
    record MeanwhileAfter(Runnable action) implements SimulatedFault {}

    /** Throws and has no effect. */
    static SimulatedFault before(Kind kind) {
        return new Before(kind);
    }

    /** Has its effect, but its answer is lost: OUTCOME_UNKNOWN. */
    static SimulatedFault answerLost() {
        return new After(Kind.OUTCOME_UNKNOWN);
    }

    /** Waits until the gate opens. */
    static SimulatedFault blocked(SimulatedGate gate) {
        return new Blocked(gate);
    }

    static SimulatedFault meanwhileBefore(Runnable action) {
        return new MeanwhileBefore(action);
    }

    static SimulatedFault meanwhileAfter(Runnable action) {
        return new MeanwhileAfter(action);
    }
}
