package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import java.time.Duration;

/** What a simulated guest does about shutdown events. Events are counted from each boot anew. */
public sealed interface ShutdownBehaviour {
    /**
     * Shuts itself down.
     *
     * @param events at which event of a boot it notices, at least 1; those before are lost
     * @param delay how long it then takes by the hypervisor's clock; zero stops it within the event's call
     */
    record Obeys(int events, Duration delay) implements ShutdownBehaviour {
        public Obeys {
            checkEvents(events);
            if (delay.isNegative()) {
                throw SnapshotException.invalid("a guest's delay must not be negative, got " + delay);
            }
        }
    }

    /** Does nothing of itself; it can still be moved by hand through its {@link SimulatedGuest}. */
    record Ignores() implements ShutdownBehaviour {}

    /**
     * Reboots itself instead of stopping.
     *
     * @param events at which event of a boot, at least 1
     * @param then what it does after that reboot
     */
    record Reboots(int events, ShutdownBehaviour then) implements ShutdownBehaviour {
        public Reboots {
            checkEvents(events);
        }
    }

    /**
     * Crashes.
     *
     * @param events at which event of a boot, at least 1
     */
    record Crashes(int events) implements ShutdownBehaviour {
        public Crashes {
            checkEvents(events);
        }
    }

    /** Stops at the first event, at once. */
    static ShutdownBehaviour obeys() {
        return obeysAfterEvents(1);
    }

    /** Stops at the given event of a boot, at once. */
    static ShutdownBehaviour obeysAfterEvents(int events) {
        return new Obeys(events, Duration.ZERO);
    }

    /** Stops so long after the first event, by the hypervisor's clock. */
    static ShutdownBehaviour obeysAfter(Duration delay) {
        return new Obeys(1, delay);
    }

    static ShutdownBehaviour ignores() {
        return new Ignores();
    }

    /** Reboots at the first event, once, then does as given. */
    static ShutdownBehaviour rebootsThen(ShutdownBehaviour then) {
        return new Reboots(1, then);
    }

    /** Crashes at the first event. */
    static ShutdownBehaviour crashes() {
        return new Crashes(1);
    }

    private static void checkEvents(int events) {
        if (events < 1) {
            throw SnapshotException.invalid("a guest notices the first event at the earliest, got " + events);
        }
    }
}
