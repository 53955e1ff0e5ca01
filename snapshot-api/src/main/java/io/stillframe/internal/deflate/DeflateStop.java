package io.stillframe.internal.deflate;

/** Ends the decoding of a stream that cannot go on. Without a stack trace, so that hostile data costs no more than other data. */
@SuppressWarnings("serial")
final class DeflateStop extends Exception {
    private final Inflate.Outcome outcome;

    private DeflateStop(Inflate.Outcome outcome) {
        super(outcome.name(), null, false, false);
        this.outcome = outcome;
    }

    static DeflateStop invalid() {
        return new DeflateStop(Inflate.Outcome.INVALID);
    }

    static DeflateStop truncated() {
        return new DeflateStop(Inflate.Outcome.TRUNCATED);
    }

    static DeflateStop full() {
        return new DeflateStop(Inflate.Outcome.FULL);
    }

    Inflate.Outcome outcome() {
        return outcome;
    }
}
