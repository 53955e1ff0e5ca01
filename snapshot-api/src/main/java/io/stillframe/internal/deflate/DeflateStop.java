package io.stillframe.internal.deflate;

/** Ends the decoding of a stream that cannot go on. Without a stack trace, so that hostile data costs no more than other data. */
@SuppressWarnings("serial")
final class DeflateStop extends Exception {
    static final DeflateStop INVALID = new DeflateStop("invalid");
    static final DeflateStop TRUNCATED = new DeflateStop("truncated");
    static final DeflateStop FULL = new DeflateStop("full");

    private DeflateStop(String reason) {
        super(reason, null, false, false);
    }
}
