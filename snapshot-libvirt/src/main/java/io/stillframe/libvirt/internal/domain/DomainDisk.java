package io.stillframe.libvirt.internal.domain;

import io.stillframe.spi.ImageLayer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.w3c.dom.Element;

/**
 * One {@code <disk>} of a domain's XML, see "Hard drives, floppy disks, CDROMs" in libvirt's domain format.
 *
 * @param element the element itself; changing it changes the document that it is of
 */
public record DomainDisk(Element element) {
    /** A copy of this disk's content that QEMU keeps in step: the target of a block job. */
    public record Mirror(String job, Optional<String> file, boolean ready) {}

    /** Its device name, e.g. {@code vda}. */
    public String device() {
        return Xml.attributeAt(element, "dev", "target").orElse("");
    }

    /** Whether the guest sees a hard disk that it may write. */
    public boolean isWritableDisk() {
        String kind = Xml.attribute(element, "device").orElse("disk");
        return (kind.equals("disk") || kind.equals("lun"))
                && !device().isEmpty()
                && Xml.child(element, "readonly").isEmpty();
    }

    /** How its source is named: {@code file}, {@code block}, {@code network}… */
    public String type() {
        return Xml.attribute(element, "type").orElse("file");
    }

    /** The declared format; {@code raw} if none is declared, as libvirt takes it. */
    public String format() {
        return Xml.attributeAt(element, "type", "driver").orElse("raw");
    }

    /** The active layer's local path, if it is a file or a block device. */
    public Optional<Path> path() {
        return localPath(element);
    }

    /** The active layer's place in words, whatever its type. */
    public String location() {
        return location(element);
    }

    /** Whether its source is a volume of Ceph's block device. */
    public boolean isRbd() {
        return type().equals("network")
                && Xml.attributeAt(element, "protocol", "source")
                        .filter("rbd"::equals)
                        .isPresent();
    }

    /**
     * The volume that is its source, if {@link #isRbd}.
     *
     * @throws io.stillframe.model.SnapshotException INVALID if the volume's name is none
     */
    public Optional<RbdVolume> rbdVolume() {
        return isRbd()
                ? Xml.child(element, "source")
                        .map(source -> RbdVolume.parse(CephAccess.of(element, source), source.getAttribute("name")))
                : Optional.empty();
    }

    /** Something that keeps this disk from being held, in words; empty if nothing in its declaration does. */
    public Optional<String> obstacle() {
        boolean local = type().equals("file") || type().equals("block");
        if (!local && !isRbd()) {
            return Optional.of(
                    "it is of type '" + type() + "', only local files, block devices and volumes of Ceph can be held");
        }
        if (local && path().isEmpty()) {
            return Optional.of("it has no source");
        }
        if (isRbd() && !format().equals("raw")) {
            return Optional.of("it is of format " + format() + " on a volume, only raw volumes can be held");
        }
        if (isRbd() && Xml.at(element, "source", "snapshot").isPresent()) {
            return Optional.of("it is a snapshot of a volume");
        }
        for (String mark : List.of("shareable", "transient")) {
            if (Xml.child(element, mark).isPresent()) {
                return Optional.of("it is marked <" + mark + "/>");
            }
        }
        for (String part : List.of("slices", "encryption")) {
            if (Xml.at(element, "source", part).isPresent()) {
                return Optional.of("its source has <" + part + ">");
            }
        }
        return Optional.empty();
    }

    /** Its place in the boot order, if it has one of its own. */
    public Optional<Integer> bootOrder() {
        return Xml.attributeAt(element, "order", "boot")
                .filter(order -> order.matches("[0-9]{1,6}"))
                .map(Integer::valueOf);
    }

    /** The layers that the XML itself declares, active layer first, and whether it declares where the chain ends. */
    public Declared declared() {
        List<ImageLayer> layers = new ArrayList<>();
        layers.add(new ImageLayer(location(), format()));
        Optional<Element> below = Xml.child(element, "backingStore");
        while (below.isPresent() && Xml.child(below.get(), "source").isPresent()) {
            Element layer = below.get();
            layers.add(new ImageLayer(
                    location(layer), Xml.attributeAt(layer, "type", "format").orElse("raw")));
            below = Xml.child(layer, "backingStore");
        }
        return new Declared(List.copyOf(layers), below.isPresent());
    }

    /**
     * @param layers active layer first
     * @param complete whether the last layer is declared to have none below
     */
    public record Declared(List<ImageLayer> layers, boolean complete) {}

    /** The block job that copies it elsewhere, if one runs. */
    public Optional<Mirror> mirror() {
        return Xml.child(element, "mirror")
                .map(mirror -> new Mirror(
                        Xml.attribute(mirror, "job").orElse("copy"),
                        localPath(mirror).map(Path::toString),
                        Xml.attribute(mirror, "ready").filter("yes"::equals).isPresent()));
    }

    private static Optional<Path> localPath(Element holder) {
        return Xml.child(holder, "source")
                .flatMap(source -> Xml.attribute(source, "file").or(() -> Xml.attribute(source, "dev")))
                .filter(path -> path.startsWith("/") && path.indexOf('\0') < 0)
                .map(Path::of);
    }

    private static String location(Element holder) {
        Optional<Path> path = localPath(holder);
        if (path.isPresent()) {
            return path.get().toString();
        }
        return Xml.child(holder, "source")
                .map(source -> Xml.attribute(source, "protocol")
                                .map(protocol -> protocol + ":")
                                .orElse("")
                        + Xml.attribute(source, "name")
                                .or(() -> Xml.attribute(source, "volume"))
                                .or(() -> Xml.attribute(source, "dir"))
                                .orElse("unknown"))
                .orElse("none");
    }
}
