package io.stillframe.spi;

/** What became of the wish for a lease. */
public sealed interface LeaseOutcome {
    /** It is the caller's. */
    record Granted(Lease lease) implements LeaseOutcome {}

    /** Somebody else has it. */
    record Held(Lease by) implements LeaseOutcome {}
}
