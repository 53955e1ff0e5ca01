package io.stillframe.spi;

/**
 * One layer of a disk's declared backing chain.
 *
 * @param location where it lies as the hypervisor names it, e.g. an absolute path
 * @param format its declared format; never found by probing
 */
public record ImageLayer(String location, String format) {}
