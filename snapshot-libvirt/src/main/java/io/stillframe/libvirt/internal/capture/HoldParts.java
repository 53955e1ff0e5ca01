package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.CapturePlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.w3c.dom.Element;

/**
 * A plan's disks by the way in which they are held; at least one part is there. A plan of one part has that part's state, a plan of both
 * has both in its own.
 *
 * @param overlays those that get an overlay
 * @param volumes those whose volume gets a snapshot
 */
record HoldParts(Optional<CapturePlan> overlays, Optional<CapturePlan> volumes) {
    private static final String ROOT = "mixed-plan";
    private static final String VERSION = "1";

    static HoldParts of(CapturePlan plan) {
        Element root = Xml.parse("the plan of a capture", plan.state()).getDocumentElement();
        return switch (root.getTagName()) {
            case VolumePlan.ROOT -> new HoldParts(Optional.empty(), Optional.of(plan));
            case ROOT -> split(plan, root);
            default -> new HoldParts(Optional.of(plan), Optional.empty());
        };
    }

    private static HoldParts split(CapturePlan plan, Element root) {
        if (!root.getAttribute("version").equals(VERSION)) {
            throw SnapshotException.invalid(
                    "the plan of snapshot " + plan.snapshot() + " is no mixed plan, version " + VERSION);
        }
        return new HoldParts(part(plan, root, "overlays"), part(plan, root, "volumes"));
    }

    private static Optional<CapturePlan> part(CapturePlan plan, Element root, String name) {
        return Xml.child(root, name).map(part -> {
            List<String> devices = List.of(part.getAttribute("devices").split(" "));
            return new CapturePlan(
                    plan.snapshot(),
                    plan.instance(),
                    plan.disks().stream()
                            .filter(disk -> devices.contains(disk.device()))
                            .toList(),
                    part.getTextContent());
        });
    }

    static boolean has(CapturePlan plan, String device) {
        return plan.disks().stream().anyMatch(disk -> disk.device().equals(device));
    }

    /** Both, found apart. Parts of different instances are not of one plan; the first then counts. */
    HoldParts and(HoldParts other) {
        boolean same = any().instance().equals(other.any().instance());
        return same ? new HoldParts(overlays.or(other::overlays), volumes.or(other::volumes)) : this;
    }

    List<String> devices() {
        return parts().flatMap(part -> part.disks().stream())
                .map(CapturePlan.Disk::device)
                .sorted()
                .toList();
    }

    /** @param order of the devices */
    CapturePlan toPlan(List<String> order) {
        if (overlays.isEmpty() || volumes.isEmpty()) {
            return any();
        }
        Element root = Xml.newRoot(ROOT);
        root.setAttribute("version", VERSION);
        add(root, "overlays", overlays.get());
        add(root, "volumes", volumes.get());
        List<CapturePlan.Disk> disks =
                new ArrayList<>(parts().flatMap(part -> part.disks().stream()).toList());
        disks.sort(Comparator.comparingInt(disk -> order.indexOf(disk.device())));
        return new CapturePlan(any().snapshot(), any().instance(), disks, Xml.print(root));
    }

    private static void add(Element root, String name, CapturePlan part) {
        Element element = Xml.add(root, name);
        element.setAttribute(
                "devices",
                String.join(
                        " ", part.disks().stream().map(CapturePlan.Disk::device).toList()));
        element.setTextContent(part.state());
    }

    private Stream<CapturePlan> parts() {
        return Stream.concat(overlays.stream(), volumes.stream());
    }

    private CapturePlan any() {
        return parts().findFirst().orElseThrow();
    }
}
