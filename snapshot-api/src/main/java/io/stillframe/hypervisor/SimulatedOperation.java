package io.stillframe.hypervisor;

/** A call that a {@link SimulatedHypervisor} logs and can make fail. */
public enum SimulatedOperation {
    OBSERVE,
    REQUEST_SHUTDOWN,
    FORCE_OFF,
    POWER_ON,
    FREEZE,
    THAW,
    WATCH,
    PLAN_LAUNCH,
    CREATE_DISK,
    /** A write to a launched instance's disk, or its finish. Not logged. */
    WRITE_DISK,
    COMPLETE_LAUNCH,
    DISCARD_LAUNCH,
    PLAN_CAPTURE,
    BEGIN_CAPTURE,
    OPEN_CAPTURE,
    /** A read from a held disk, or a walk over its extents. Not logged. */
    READ_CAPTURE,
    RELEASE_CAPTURE,
    LIST_HELD,
    KEEP_VOLUMES,
    OPEN_VOLUMES,
    REMOVE_VOLUMES,
    CLONE_VOLUMES,
    LIST_KEPT
}
