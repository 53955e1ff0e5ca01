package io.stillframe.model;

import java.util.OptionalInt;

/**
 * How much may run at once over all services that share a catalog; what is empty is unlimited. Each service keeps to its own limits when
 * it begins something, counting what all of them run, so give all of them the same. Immutable; made by {@link #none()} and {@code with…}.
 *
 * @param captures instances that are being captured, 1 or more
 * @param capturesPerHost of those, on one host
 * @param transfers snapshots whose images are being worked on, 1 or more
 * @param transfersPerHost of those, from one host
 * @param transfersPerStore of those, to one store
 */
public record ConcurrencyLimits(
        OptionalInt captures,
        OptionalInt capturesPerHost,
        OptionalInt transfers,
        OptionalInt transfersPerHost,
        OptionalInt transfersPerStore) {
    private static final ConcurrencyLimits NONE = new ConcurrencyLimits(
            OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());

    public ConcurrencyLimits {
        atLeastOne("captures", captures);
        atLeastOne("captures per host", capturesPerHost);
        atLeastOne("transfers", transfers);
        atLeastOne("transfers per host", transfersPerHost);
        atLeastOne("transfers per store", transfersPerStore);
    }

    /** Nothing is limited beyond what each service does at once. */
    public static ConcurrencyLimits none() {
        return NONE;
    }

    public ConcurrencyLimits withCaptures(int most) {
        return new ConcurrencyLimits(
                OptionalInt.of(most), capturesPerHost, transfers, transfersPerHost, transfersPerStore);
    }

    public ConcurrencyLimits withCapturesPerHost(int most) {
        return new ConcurrencyLimits(captures, OptionalInt.of(most), transfers, transfersPerHost, transfersPerStore);
    }

    public ConcurrencyLimits withTransfers(int most) {
        return new ConcurrencyLimits(
                captures, capturesPerHost, OptionalInt.of(most), transfersPerHost, transfersPerStore);
    }

    public ConcurrencyLimits withTransfersPerHost(int most) {
        return new ConcurrencyLimits(captures, capturesPerHost, transfers, OptionalInt.of(most), transfersPerStore);
    }

    public ConcurrencyLimits withTransfersPerStore(int most) {
        return new ConcurrencyLimits(captures, capturesPerHost, transfers, transfersPerHost, OptionalInt.of(most));
    }

    private static void atLeastOne(String what, OptionalInt most) {
        if (most.isPresent() && most.getAsInt() < 1) {
            throw SnapshotException.invalid("the limit of " + what + " is 1 or more, or none, got " + most.getAsInt());
        }
    }
}
