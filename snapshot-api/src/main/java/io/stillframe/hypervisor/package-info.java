/**
 * Hypervisors that come with the product: {@link io.stillframe.hypervisor.ImageDirectoryHypervisor} for disk-image files at rest,
 * and {@link io.stillframe.hypervisor.SimulatedHypervisor} for the tests of control planes.
 */
@NullMarked
package io.stillframe.hypervisor;

import org.jspecify.annotations.NullMarked;
