package io.stillframe.spi;

/** Why an instance that is off went off, as far as the hypervisor knows. */
public enum StopCause {
    /** The guest shut itself down. */
    GUEST,
    /** Somebody stopped it hard. */
    FORCED,
    /** The guest or the hypervisor process crashed. */
    CRASHED,
    /** Not known, e.g. since before the hypervisor's own start. */
    UNKNOWN
}
