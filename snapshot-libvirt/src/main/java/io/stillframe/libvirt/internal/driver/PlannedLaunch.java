package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.LaunchPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.w3c.dom.Element;

/**
 * What {@link LaunchPlan#state()} holds for libvirt, written as XML.
 *
 * @param name the new domain's name
 * @param uuid its identity, chosen with the plan so that every step can be repeated and undone by anybody
 * @param start whether it is to be started
 * @param xml its definition
 * @param disks its disks
 * @param logs files that its console output goes to
 */
record PlannedLaunch(
        String name, String uuid, LaunchRequest.Start start, String xml, List<Disk> disks, List<Path> logs) {
    private static final String VERSION = "1";

    /** One new disk. */
    record Disk(String device, DiskPlace place, String format, long size) {}

    PlannedLaunch {
        disks = List.copyOf(disks);
        logs = List.copyOf(logs);
    }

    LaunchPlan toPlan() {
        Element root = Xml.newRoot("launch");
        root.setAttribute("version", VERSION);
        root.setAttribute("uuid", uuid);
        root.setAttribute("start", start.name());
        for (Disk disk : disks) {
            Element element = Xml.add(root, "disk");
            element.setAttribute("device", disk.device);
            write(disk.place, element);
            element.setAttribute("format", disk.format);
            element.setAttribute("size", Long.toString(disk.size));
        }
        logs.forEach(log -> Xml.add(root, "log").setAttribute("path", log.toString()));
        Xml.add(root, "definition").setTextContent(xml);
        return new LaunchPlan(name, Xml.print(root));
    }

    /**
     * Reads a plan back.
     *
     * @throws SnapshotException INVALID if it is none of this driver's
     */
    static PlannedLaunch of(LaunchPlan plan) {
        Element root = Xml.parse("the plan of a launch", plan.state()).getDocumentElement();
        if (!root.getTagName().equals("launch") || !root.getAttribute("version").equals(VERSION)) {
            throw SnapshotException.invalid(
                    "the plan to launch " + plan.name() + " is none of libvirt's, version " + VERSION);
        }
        try {
            return new PlannedLaunch(
                    plan.name(),
                    root.getAttribute("uuid"),
                    LaunchRequest.Start.valueOf(root.getAttribute("start")),
                    Xml.text(root, "definition").orElse(""),
                    Xml.children(root, "disk").stream()
                            .map(disk -> new Disk(
                                    disk.getAttribute("device"),
                                    place(disk),
                                    disk.getAttribute("format"),
                                    Long.parseLong(disk.getAttribute("size"))))
                            .toList(),
                    Xml.children(root, "log").stream()
                            .map(log -> Path.of(log.getAttribute("path")))
                            .toList());
        } catch (IllegalArgumentException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "the plan to launch " + plan.name() + " is damaged", e);
        }
    }

    private static void write(DiskPlace place, Element element) {
        if (place instanceof DiskPlace.InFile file) {
            element.setAttribute("path", file.path().toString());
        } else if (place instanceof DiskPlace.OnVolume on) {
            on.volume().write(element);
            on.origin().ifPresent(origin -> {
                Element child = Xml.add(element, "origin");
                child.setAttribute("snapshot", origin.snapshot());
                origin.volume().write(child);
            });
        }
    }

    private static DiskPlace place(Element element) {
        Optional<RbdVolume> volume = RbdVolume.read(element);
        return volume.isPresent()
                ? new DiskPlace.OnVolume(
                        volume.get(),
                        Xml.child(element, "origin")
                                .flatMap(origin -> RbdVolume.read(origin)
                                        .map(of -> new DiskPlace.Origin(of, origin.getAttribute("snapshot")))))
                : new DiskPlace.InFile(Path.of(element.getAttribute("path")));
    }
}
