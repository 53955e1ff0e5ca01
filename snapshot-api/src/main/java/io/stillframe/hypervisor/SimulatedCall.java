package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import java.util.Optional;

/**
 * One call that came to a {@link SimulatedHypervisor} and ended.
 *
 * @param operation what was called
 * @param subject the instance's name or identity, the launched instance's name, or the snapshot's identity; empty for
 *     {@link SimulatedOperation#LIST_HELD}
 * @param failure what was thrown; empty if it returned
 */
public record SimulatedCall(SimulatedOperation operation, String subject, Optional<SnapshotException.Kind> failure) {}
