package io.stillframe.libvirt.internal.connection;

import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;

/** A libvirt call that failed, with libvirt's own code; {@link Faults} says what it means for the product's callers. */
public final class LibvirtFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final ErrorNumber code;

    private LibvirtFailure(ErrorNumber code, String message, LibvirtException cause) {
        super(message, cause);
        this.code = code;
    }

    private LibvirtFailure(ErrorNumber code, String message) {
        super(message);
        this.code = code;
    }

    /** What libvirt-java threw. */
    static LibvirtFailure of(LibvirtException e) {
        org.libvirt.Error error = e.getError();
        if (error == null || error.getCode() == null) {
            return new LibvirtFailure(ErrorNumber.VIR_ERR_UNKNOWN, String.valueOf(e.getMessage()), e);
        }
        return new LibvirtFailure(error.getCode(), String.valueOf(error.getMessage()), e);
    }

    /** What the last native call on this thread failed with. */
    static LibvirtFailure last() {
        String message = LibvirtCalls.LIBRARY.virGetLastErrorMessage();
        return new LibvirtFailure(
                number(LibvirtCalls.LIBRARY.virGetLastErrorCode()), message == null ? "no message" : message);
    }

    public ErrorNumber code() {
        return code;
    }

    public boolean is(ErrorNumber... any) {
        for (ErrorNumber each : any) {
            if (each == code) {
                return true;
            }
        }
        return false;
    }

    /** libvirt-java's constants are in the order of {@code virterror.h}; newer codes than it knows are its last constant. */
    private static ErrorNumber number(int code) {
        ErrorNumber[] known = ErrorNumber.values();
        return known[Math.min(Math.max(code, 0), known.length - 1)];
    }
}
