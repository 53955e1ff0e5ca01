package io.stillframe.libvirt.crash;

/** What is done to the surroundings of a child while it waits. */
interface Harm {
    /** None: the child does it itself. */
    Harm NONE = new Harm() {
        @Override
        public void begin() {}

        @Override
        public String toString() {
            return "";
        }
    };

    /** Does it; the child goes on when this returns. */
    void begin();

    /** Whether it was done. */
    default boolean isDone() {
        return false;
    }

    /** Whether the guest may be off afterwards although the engine did all that it owes. */
    default boolean mayStopGuest(Order order) {
        return false;
    }

    /** Waits until what was taken away is back. */
    default void awaitOver() {}
}
