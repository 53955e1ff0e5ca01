package io.stillframe.model;

/**
 * The instance that a snapshot was taken of.
 *
 * @param id its lasting identity
 * @param name its name when the snapshot was asked for
 * @param hypervisor the hypervisor's URI, without secrets
 */
public record InstanceSummary(InstanceId id, String name, String hypervisor) {}
