package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.SnapshotException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.libvirt.Domain;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.w3c.dom.Element;

/** Puts the overlays of a plan over its disks, all at one moment or none. */
final class OverlayHold {
    private static final Logger LOG = LoggerFactory.getLogger(OverlayHold.class);
    private static final int ALL_AT_ONCE_ON_READY_FILES = Domain.SnapshotCreateFlags.DISK_ONLY
            | Domain.SnapshotCreateFlags.NO_METADATA
            | Domain.SnapshotCreateFlags.ATOMIC
            | Domain.SnapshotCreateFlags.REUSE_EXT;

    private final LibvirtSession session;

    OverlayHold(LibvirtSession session) {
        this.session = session;
    }

    void begin(OverlayPlan plan) {
        Sight sight = Sight.of(session, plan.instance());
        DomainDefinition current = sight.current()
                .orElseThrow(() -> SnapshotException.notFound("instance " + plan.instance() + " does not exist"));
        long held = held(plan, sight);
        if (held == plan.disks().size()) {
            requireNotGivenUp(plan);
            return;
        }
        if (held > 0) {
            throw new SnapshotException(
                    SnapshotException.Kind.OUTCOME_UNKNOWN,
                    held + " of " + plan.disks().size() + " disks of " + plan.instance()
                            + " are held, which is no point in time; release the plan and make a new one");
        }
        plan.disks().forEach(disk -> requireAsPlanned(plan, current, disk));
        hold(plan, current);
    }

    boolean isHeld(OverlayPlan plan) {
        return held(plan, Sight.of(session, plan.instance())) == plan.disks().size();
    }

    private static long held(OverlayPlan plan, Sight sight) {
        return plan.disks().stream()
                .filter(disk -> sight.position(disk) != Sight.Position.ABSENT)
                .count();
    }

    private static void requireNotGivenUp(OverlayPlan plan) {
        if (plan.disks().stream().anyMatch(OverlayFiles::isMergeBegun)) {
            throw SnapshotException.conflict("the point in time of " + plan.instance() + " for " + plan.snapshot()
                    + " was given up: its merge has begun; finish the release and make a new plan");
        }
    }

    private static void requireAsPlanned(OverlayPlan plan, DomainDefinition current, OverlayPlan.Disk disk) {
        Optional<Path> active = current.disk(disk.device()).flatMap(DomainDisk::path);
        if (!active.equals(Optional.of(disk.base()))) {
            throw SnapshotException.conflict("disk " + disk.device() + " of " + plan.instance() + " is now "
                    + active.map(Path::toString).orElse("gone") + ", planned was " + disk.base()
                    + "; observe the instance and plan again");
        }
    }

    private void hold(OverlayPlan plan, DomainDefinition current) {
        String xml = snapshotXml(plan, current);
        try {
            plan.disks().forEach(OverlayFiles::create);
            session.change(
                    plan.instance(),
                    "hold the disks of " + plan.instance(),
                    domain -> domain.snapshot(xml, ALL_AT_ONCE_ON_READY_FILES));
        } catch (SnapshotException e) {
            settle(plan, e);
        }
    }

    /** After a failure: the point in time is held after all, or certainly not and nothing is left, or nobody can tell. */
    private void settle(OverlayPlan plan, SnapshotException failure) {
        long held;
        try {
            held = held(plan, Sight.of(session, plan.instance()));
        } catch (SnapshotException unseen) {
            failure.addSuppressed(unseen);
            throw unknown(plan, failure);
        }
        if (held == plan.disks().size()) {
            LOG.info("the disks of {} are held though the command failed: {}", plan.instance(), failure.getMessage());
        } else if (held > 0) {
            throw unknown(plan, failure);
        } else {
            removeUnused(plan, failure);
            throw failure.kind() == SnapshotException.Kind.OUTCOME_UNKNOWN ? unknown(plan, failure) : failure;
        }
    }

    private void removeUnused(OverlayPlan plan, SnapshotException failure) {
        for (OverlayPlan.Disk disk : plan.disks()) {
            try {
                if (OverlayFiles.isExpendable(disk)) {
                    OverlayFiles.remove(session, disk);
                }
            } catch (SnapshotException left) {
                failure.addSuppressed(left);
            }
        }
    }

    private static SnapshotException unknown(OverlayPlan plan, SnapshotException failure) {
        return new SnapshotException(
                SnapshotException.Kind.OUTCOME_UNKNOWN,
                "the disks of " + plan.instance() + " may be held; release is owed. " + failure.getMessage(),
                failure);
    }

    private static String snapshotXml(OverlayPlan plan, DomainDefinition current) {
        Element root = Xml.newRoot("domainsnapshot");
        Element disks = Xml.add(root, "disks");
        List<String> planned =
                plan.disks().stream().map(OverlayPlan.Disk::device).toList();
        for (DomainDisk disk : current.allDisks()) {
            if (!planned.contains(disk.device())) {
                Element left = Xml.add(disks, "disk");
                left.setAttribute("name", disk.device());
                left.setAttribute("snapshot", "no");
            }
        }
        for (OverlayPlan.Disk disk : plan.disks()) {
            Element held = Xml.add(disks, "disk");
            held.setAttribute("name", disk.device());
            held.setAttribute("snapshot", "external");
            held.setAttribute("type", "file");
            Xml.add(held, "driver").setAttribute("type", "qcow2");
            Xml.add(held, "source").setAttribute("file", disk.overlay().toString());
        }
        return Xml.print(root);
    }
}
