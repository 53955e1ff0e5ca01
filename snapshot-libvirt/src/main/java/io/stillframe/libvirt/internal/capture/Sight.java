package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.BackingChain;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageLayer;
import java.util.List;
import java.util.Optional;
import org.libvirt.Domain;

/**
 * What libvirt says about a domain's disks at one moment.
 *
 * @param live the running domain's definition; empty if it is off or gone
 * @param inactive the persistent definition; empty if there is none
 */
record Sight(Optional<DomainDefinition> live, Optional<DomainDefinition> inactive) {
    /** Where an overlay is in a disk's chain. */
    enum Position {
        /** It is the active layer. */
        TOP,
        /** Another layer, not of this capture, lies over it. */
        BELOW,
        /** It is not in the chain. */
        ABSENT
    }

    static Sight of(LibvirtSession session, InstanceId instance) {
        try {
            return session.onDomain(instance, "look at the disks of " + instance, Effect.NONE, domain -> {
                boolean active = domain.isActive();
                boolean persistent = domain.isPersistent();
                return new Sight(
                        active ? Optional.of(DomainDefinition.parse(domain.xml(0))) : Optional.empty(),
                        persistent
                                ? Optional.of(DomainDefinition.parse(domain.xml(Domain.XMLFlags.INACTIVE)))
                                : Optional.empty());
            });
        } catch (SnapshotException e) {
            if (e.kind() == SnapshotException.Kind.NOT_FOUND) {
                return new Sight(Optional.empty(), Optional.empty());
            }
            throw e;
        }
    }

    boolean exists() {
        return live.isPresent() || inactive.isPresent();
    }

    boolean isRunning() {
        return live.isPresent();
    }

    /** The definition that says what is used now: the running one, else the persistent one. */
    Optional<DomainDefinition> current() {
        return live.or(() -> inactive);
    }

    Position position(OverlayPlan.Disk disk) {
        return position(current(), disk);
    }

    Position persistentPosition(OverlayPlan.Disk disk) {
        return position(inactive, disk);
    }

    private static Position position(Optional<DomainDefinition> definition, OverlayPlan.Disk disk) {
        Optional<DomainDisk> found = definition.flatMap(domain -> domain.disk(disk.device()));
        if (found.isEmpty()) {
            return Position.ABSENT;
        }
        List<ImageLayer> chain = BackingChain.known(found.get());
        for (int depth = 0; depth < chain.size(); depth++) {
            if (chain.get(depth).location().equals(disk.overlay().toString())) {
                return depth == 0 ? Position.TOP : Position.BELOW;
            }
        }
        return Position.ABSENT;
    }
}
