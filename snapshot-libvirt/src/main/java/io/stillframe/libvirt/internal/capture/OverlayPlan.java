package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.ImageLayer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.w3c.dom.Element;

/**
 * What {@link CapturePlan#state()} holds for this capture, written as XML.
 *
 * @param snapshot the snapshot
 * @param instance whose disks
 * @param disks which disks
 */
record OverlayPlan(SnapshotId snapshot, InstanceId instance, List<Disk> disks) {
    private static final String VERSION = "1";
    private static final String MARK = ".stillframe-";
    private static final Pattern OVERLAY = Pattern.compile("/.+\\.stillframe-(snap-[0-9a-hjkmnp-tv-z]{26})");

    /**
     * @param device name on the instance
     * @param overlay the file that takes the writes while the point in time is held
     * @param virtualSize bytes as the guest sees them
     * @param chain what is held, active layer first
     * @param original the disk as the persistent definition had it; empty if there was none or it is not known any more
     * @param ownership the base file's owner while nothing used it; empty if not known
     */
    record Disk(
            String device,
            Path overlay,
            long virtualSize,
            List<ImageLayer> chain,
            Optional<String> original,
            Optional<Ownership> ownership) {
        Disk {
            chain = List.copyOf(chain);
        }

        /** The file that is frozen while the point in time is held, and that the overlay is merged into. */
        Path base() {
            return Path.of(chain.get(0).location());
        }

        String baseFormat() {
            return chain.get(0).format();
        }
    }

    /** Numbers of a file's user and group. */
    record Ownership(int uid, int gid) {}

    OverlayPlan {
        disks = List.copyOf(disks);
    }

    /** The place of the overlay over a file: beside it, named after it and the snapshot. */
    static Path overlayOf(Path base, SnapshotId snapshot) {
        return Path.of(base + MARK + snapshot.value());
    }

    /** The place of the overlay over a block device, which has no directory that could take it: named after the device's whole path. */
    static Path overlayOf(Path device, Path directory, SnapshotId snapshot) {
        String name = device.toString().substring(1).replace('/', '-');
        return directory.resolve(name + MARK + snapshot.value());
    }

    /** The snapshot that an overlay is for; empty if that is no overlay's path. */
    static Optional<SnapshotId> snapshotOf(String location) {
        Matcher matcher = OVERLAY.matcher(location);
        return matcher.matches() ? Optional.of(new SnapshotId(matcher.group(1))) : Optional.empty();
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
        Element root = Xml.newRoot("overlay-plan");
        root.setAttribute("version", VERSION);
        for (Disk disk : disks) {
            Element element = Xml.add(root, "disk");
            element.setAttribute("device", disk.device);
            element.setAttribute("overlay", disk.overlay.toString());
            element.setAttribute("size", Long.toString(disk.virtualSize));
            disk.ownership.ifPresent(ownership -> {
                element.setAttribute("uid", Integer.toString(ownership.uid));
                element.setAttribute("gid", Integer.toString(ownership.gid));
            });
            for (ImageLayer layer : disk.chain) {
                Element below = Xml.add(element, "layer");
                below.setAttribute("file", layer.location());
                below.setAttribute("format", layer.format());
            }
            disk.original.ifPresent(original -> Xml.add(element, "original").setTextContent(original));
        }
        return Xml.print(root);
    }

    /**
     * Reads a plan back.
     *
     * @throws SnapshotException INVALID if it is none of this capture's
     */
    static OverlayPlan of(CapturePlan plan) {
        Element root = Xml.parse("the plan of a capture", plan.state()).getDocumentElement();
        if (!root.getTagName().equals("overlay-plan")
                || !root.getAttribute("version").equals(VERSION)) {
            throw SnapshotException.invalid(
                    "the plan of snapshot " + plan.snapshot() + " is no overlay plan, version " + VERSION);
        }
        try {
            List<Disk> disks =
                    Xml.children(root, "disk").stream().map(OverlayPlan::disk).toList();
            return new OverlayPlan(plan.snapshot(), plan.instance(), disks);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "the plan of snapshot " + plan.snapshot() + " is damaged", e);
        }
    }

    private static Disk disk(Element element) {
        List<ImageLayer> chain = Xml.children(element, "layer").stream()
                .map(layer -> new ImageLayer(layer.getAttribute("file"), layer.getAttribute("format")))
                .toList();
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("a disk without layer");
        }
        OptionalInt uid = number(element, "uid");
        OptionalInt gid = number(element, "gid");
        return new Disk(
                element.getAttribute("device"),
                Path.of(element.getAttribute("overlay")),
                Long.parseLong(element.getAttribute("size")),
                chain,
                Xml.text(element, "original"),
                uid.isPresent() && gid.isPresent()
                        ? Optional.of(new Ownership(uid.getAsInt(), gid.getAsInt()))
                        : Optional.empty());
    }

    private static OptionalInt number(Element element, String attribute) {
        Optional<String> text = Xml.attribute(element, attribute);
        return text.isPresent() ? OptionalInt.of(Integer.parseInt(text.get())) : OptionalInt.empty();
    }
}
