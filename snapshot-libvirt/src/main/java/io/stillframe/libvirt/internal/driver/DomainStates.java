package io.stillframe.libvirt.internal.driver;

/** {@code virDomainState} and {@code virDomainShutoffReason} of libvirt's {@code libvirt-domain.h}. */
final class DomainStates {
    static final int PAUSED = 3;
    static final int SHUTOFF = 5;
    static final int CRASHED = 6;
    static final int PM_SUSPENDED = 7;

    static final int SHUTOFF_SHUTDOWN = 1;
    static final int SHUTOFF_DESTROYED = 2;
    static final int SHUTOFF_CRASHED = 3;

    private DomainStates() {}
}
