package io.stillframe.libvirt.internal.connection;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;

/** What a libvirt failure means, in the product's terms. */
public final class Faults {
    private Faults() {}

    /** A connection could not be opened: nothing has happened. */
    static SnapshotException unreachable(String action, LibvirtFailure failure) {
        Kind kind = switch (failure.code()) {
            case VIR_ERR_AUTH_FAILED,
                    VIR_ERR_AUTH_CANCELLED,
                    VIR_ERR_AUTH_UNAVAILABLE,
                    VIR_ERR_ACCESS_DENIED,
                    VIR_ERR_OPERATION_DENIED -> Kind.PERMANENT;
            case VIR_ERR_INVALID_ARG, VIR_ERR_NO_CONNECT -> Kind.INVALID;
            default -> Kind.TRANSIENT;
        };
        return new SnapshotException(
                kind,
                "cannot " + action + ": " + failure.getMessage()
                        + "; check that libvirtd runs and that this user may use its socket",
                failure);
    }

    /** The connection ended during a call. */
    static SnapshotException lost(String action, Effect effect, LibvirtFailure failure) {
        if (effect == Effect.NONE) {
            return new SnapshotException(
                    Kind.TRANSIENT, "lost the connection to libvirt before it could " + action, failure);
        }
        return new SnapshotException(
                Kind.OUTCOME_UNKNOWN,
                "lost the connection to libvirt, which may or may not " + action + "; look at the instance",
                failure);
    }

    /** A call failed while the connection lives. */
    public static SnapshotException of(String action, LibvirtFailure failure) {
        return new SnapshotException(
                kind(failure), "libvirt could not " + action + ": " + failure.getMessage(), failure);
    }

    private static Kind kind(LibvirtFailure failure) {
        return switch (failure.code()) {
            case VIR_ERR_NO_DOMAIN -> Kind.NOT_FOUND;
            // The lock of the domain's state was not got, so the command was not begun.
            case VIR_ERR_OPERATION_TIMEOUT, VIR_ERR_AGENT_UNRESPONSIVE, VIR_ERR_AGENT_UNSYNCED, VIR_ERR_NO_MEMORY ->
                Kind.TRANSIENT;
            case VIR_ERR_RESOURCE_BUSY, VIR_ERR_BLOCK_COPY_ACTIVE, VIR_ERR_DOM_EXIST, VIR_ERR_OPERATION_INVALID ->
                Kind.CONFLICT;
            case VIR_ERR_NO_SUPPORT,
                    VIR_ERR_OPERATION_UNSUPPORTED,
                    VIR_ERR_CONFIG_UNSUPPORTED,
                    VIR_ERR_ARGUMENT_UNSUPPORTED -> Kind.UNSUPPORTED;
            default -> Kind.PERMANENT;
        };
    }
}
