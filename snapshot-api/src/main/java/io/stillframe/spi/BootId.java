package io.stillframe.spi;

/**
 * Identity of one boot of an instance: it changes whenever the instance was started anew or, as far as the hypervisor tells, its
 * guest rebooted. Compare for equality only.
 *
 * @param value opaque, not empty
 */
public record BootId(String value) {}
