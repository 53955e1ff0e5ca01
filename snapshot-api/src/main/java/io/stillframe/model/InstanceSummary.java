package io.stillframe.model;

/**
 * The instance that a snapshot was taken of.
 *
 * @param id its lasting identity
 * @param name its name when the snapshot was asked for
 * @param hypervisor the host that it is on, by the name that the services know it by: its URI without secrets, unless they were given
 *     another one
 */
public record InstanceSummary(InstanceId id, String name, String hypervisor) {}
