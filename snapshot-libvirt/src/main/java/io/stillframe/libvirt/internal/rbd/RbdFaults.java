package io.stillframe.libvirt.internal.rbd;

import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;

/** What a failure of librados or librbd means, in the product's terms. Numbers are Linux's, see {@code errno(3)}. */
final class RbdFaults {
    static final int ENOENT = 2;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int EINVAL = 22;
    static final int ERANGE = 34;
    static final int ESHUTDOWN = 108;
    static final int ETIMEDOUT = 110;

    private RbdFaults() {}

    /**
     * A call that failed.
     *
     * @param result the call's result, under 0
     */
    static SnapshotException of(String action, Effect effect, long result) {
        int error = (int) -result;
        return new SnapshotException(
                kind(error, effect), "Ceph could not " + action + ": error " + error + " (" + words(error) + ")");
    }

    /** A call that was still running at its deadline. */
    static SnapshotException late(String action, Effect effect, long seconds) {
        return effect == Effect.NONE
                ? SnapshotException.transientFault("Ceph did not " + action + " within " + seconds + " s", null)
                : new SnapshotException(
                        Kind.OUTCOME_UNKNOWN,
                        "Ceph did not say within " + seconds + " s whether it could " + action
                                + "; look at the volume (the process that has it open may be stopped)");
    }

    private static Kind kind(int error, Effect effect) {
        return switch (error) {
            case ENOENT -> Kind.NOT_FOUND;
            case EBUSY, EEXIST -> Kind.CONFLICT;
            case ETIMEDOUT -> effect == Effect.NONE ? Kind.TRANSIENT : Kind.OUTCOME_UNKNOWN;
            // EINTR, EAGAIN, ENOMEM, ENOTCONN, ECONNREFUSED, EHOSTUNREACH, ECANCELED
            case 4, 11, 12, 107, ESHUTDOWN, 111, 113, 125 -> Kind.TRANSIENT;
            // ENOEXEC is what librbd says to features that it does not know
            case 8, 38, 95 -> Kind.UNSUPPORTED;
            default -> Kind.PERMANENT;
        };
    }

    private static String words(int error) {
        return switch (error) {
            case 1, 13 -> "not permitted: check the user's key and its capabilities, e.g. profile rbd";
            case ENOENT -> "no such pool, image or snapshot";
            case 5 -> "input or output failed";
            case 8 -> "the image has features that this librbd does not know";
            case EBUSY -> "in use";
            case EEXIST -> "exists";
            case EINVAL -> "refused as invalid";
            case 28, 122 -> "the pool is full or at its quota";
            case 30 -> "read-only";
            case ESHUTDOWN -> "this client was shut out of the cluster";
            case ETIMEDOUT -> "no answer in time: check the monitors and the OSDs";
            default -> "see errno(3)";
        };
    }
}
