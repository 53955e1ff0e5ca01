package io.stillframe.libvirt.internal.connection;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import org.jspecify.annotations.Nullable;

/**
 * The calls of libvirt's C interface that libvirt-java 0.5.4 lacks. Signatures follow {@code libvirt/libvirt-domain.h}; a result of -1
 * or null is a failure, which {@link LibvirtFailure#last()} reads on the same thread.
 */
public interface LibvirtCalls extends Library {
    /** Loaded once, as libvirt-java loads its own: by the library's name, whatever the version in its file name. */
    LibvirtCalls LIBRARY = Native.load("virt", LibvirtCalls.class);

    /** {@code VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN}. */
    int SHUTDOWN_ACPI_POWER_BUTTON = 1;

    /** {@code VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES}. */
    int JOB_SPEED_IN_BYTES = 1;

    /** {@code VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK}, what a domain starts with. */
    int AGENT_TIMEOUT_NONE = -2;

    /** {@code VIR_SECRET_USAGE_TYPE_CEPH}. */
    int SECRET_OF_CEPH = 2;

    int virConnectDomainEventRegisterAny(
            Pointer connection,
            @Nullable Pointer domain,
            int event,
            Callback function,
            Pointer key,
            @Nullable Pointer whenFreed);

    int virConnectDomainEventDeregisterAny(Pointer connection, int registration);

    int virConnectRegisterCloseCallback(
            Pointer connection, Callback function, Pointer key, @Nullable Pointer whenFreed);

    int virConnectUnregisterCloseCallback(Pointer connection, Callback function);

    int virDomainGetUUIDString(Pointer domain, byte[] text);

    @Nullable
    Pointer virDomainLookupByUUIDString(Pointer connection, String uuid);

    int virDomainFree(Pointer domain);

    int virDomainGetState(Pointer domain, IntByReference state, IntByReference reason, int flags);

    int virDomainShutdownFlags(Pointer domain, int flags);

    int virDomainFSFreeze(Pointer domain, @Nullable Pointer mountPoints, int count, int flags);

    int virDomainFSThaw(Pointer domain, @Nullable Pointer mountPoints, int count, int flags);

    int virDomainAgentSetResponseTimeout(Pointer domain, int seconds, int flags);

    int virDomainBlockJobSetSpeed(Pointer domain, String disk, NativeLong bandwidth, int flags);

    @Nullable
    Pointer virSecretLookupByUUIDString(Pointer connection, String uuid);

    @Nullable
    Pointer virSecretLookupByUsage(Pointer connection, int type, String usage);

    @Nullable
    Pointer virSecretGetValue(Pointer secret, LongByReference length, int flags);

    int virSecretFree(Pointer secret);

    int virGetLastErrorCode();

    @Nullable
    String virGetLastErrorMessage();
}
