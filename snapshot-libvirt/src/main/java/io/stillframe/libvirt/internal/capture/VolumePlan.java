package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CapturePlan;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.w3c.dom.Element;

/**
 * What {@link CapturePlan#state()} holds for disks that are volumes, written as XML. It names volumes and how their clusters are reached;
 * what their snapshots are called follows from the snapshot's identity.
 *
 * @param snapshot the snapshot
 * @param instance whose disks
 * @param disks which disks
 */
record VolumePlan(SnapshotId snapshot, InstanceId instance, List<Disk> disks) {
    static final String ROOT = "volume-plan";

    private static final String VERSION = "1";
    private static final String HELD = "stillframe-";
    private static final String KEPT = "stillframe-kept-";
    private static final Pattern NAME = Pattern.compile("stillframe-(kept-)?(snap-[0-9a-hjkmnp-tv-z]{26})");

    /**
     * @param device name on the instance
     * @param volume its source
     * @param size bytes as the guest sees them
     */
    record Disk(String device, RbdVolume volume, long size) {}

    /** A volume snapshot's name taken apart. */
    record Name(SnapshotId snapshot, boolean kept) {}

    VolumePlan {
        disks = List.copyOf(disks);
    }

    /** The name of the volume snapshots while they are held for a job. */
    String held() {
        return HELD + snapshot.value();
    }

    /** Their name once they are kept. */
    String kept() {
        return kept(snapshot);
    }

    static String kept(SnapshotId snapshot) {
        return KEPT + snapshot.value();
    }

    /** Takes a volume snapshot's name apart; empty if it is none of ours. */
    static Optional<Name> nameOf(String volumeSnapshot) {
        Matcher matcher = NAME.matcher(volumeSnapshot);
        return matcher.matches()
                ? Optional.of(new Name(new SnapshotId(matcher.group(2)), matcher.group(1) != null))
                : Optional.empty();
    }

    /** The disk of that device name. */
    Disk disk(String device) {
        return disks.stream()
                .filter(disk -> disk.device.equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("snapshot " + snapshot + " does not hold disk " + device
                        + "; it holds " + disks.stream().map(Disk::device).toList()));
    }

    String toState() {
        Element root = Xml.newRoot(ROOT);
        root.setAttribute("version", VERSION);
        for (Disk disk : disks) {
            Element element = Xml.add(root, "disk");
            element.setAttribute("device", disk.device);
            element.setAttribute("size", Long.toString(disk.size));
            disk.volume.write(element);
        }
        return Xml.print(root);
    }

    static VolumePlan of(CapturePlan plan) {
        return of(plan.snapshot(), plan.instance(), plan.state());
    }

    /**
     * Reads a plan back.
     *
     * @throws SnapshotException INVALID if it is none of this capture's
     */
    static VolumePlan of(SnapshotId snapshot, InstanceId instance, String state) {
        Element root = Xml.parse("the plan of a capture", state).getDocumentElement();
        if (!root.getTagName().equals(ROOT) || !root.getAttribute("version").equals(VERSION)) {
            throw SnapshotException.invalid(
                    "the plan of snapshot " + snapshot + " is no plan for volumes, version " + VERSION);
        }
        return new VolumePlan(
                snapshot,
                instance,
                Xml.children(root, "disk").stream()
                        .map(element -> disk(snapshot, element))
                        .toList());
    }

    private static Disk disk(SnapshotId snapshot, Element element) {
        try {
            RbdVolume volume = RbdVolume.read(element)
                    .orElseThrow(() -> SnapshotException.invalid("the plan of snapshot " + snapshot + " is damaged"));
            return new Disk(element.getAttribute("device"), volume, Long.parseLong(element.getAttribute("size")));
        } catch (NumberFormatException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "the plan of snapshot " + snapshot + " is damaged", e);
        }
    }
}
