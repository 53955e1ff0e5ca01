package io.stillframe.libvirt.internal.domain;

import io.stillframe.model.SnapshotException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.w3c.dom.Element;

/**
 * One volume: an image in a pool of a cluster.
 *
 * @param access how its cluster is reached
 * @param pool its pool
 * @param namespace the pool's namespace that it is in; the default one if empty
 * @param image its name
 */
public record RbdVolume(CephAccess access, String pool, String namespace, String image) {
    /** {@code RBD_MAX_IMAGE_NAME_SIZE}, its closing byte left out. */
    public static final int LONGEST_NAME = 95;

    private static final Pattern NAME = Pattern.compile("[^/@\\p{Cntrl}]+");

    public RbdVolume {
        requireName("pool", pool);
        requireName("image", image);
        if (!namespace.isEmpty()) {
            requireName("namespace", namespace);
        }
    }

    /**
     * Reads a name as libvirt and QEMU write it: {@code POOL/IMAGE} or {@code POOL/NAMESPACE/IMAGE}.
     *
     * @throws SnapshotException INVALID if it is none
     */
    public static RbdVolume parse(CephAccess access, String name) {
        String[] parts = name.split("/", -1);
        if (parts.length < 2 || parts.length > 3) {
            throw SnapshotException.invalid("a volume is named POOL/IMAGE or POOL/NAMESPACE/IMAGE, got '" + name + "'");
        }
        return new RbdVolume(access, parts[0], parts.length == 3 ? parts[1] : "", parts[parts.length - 1]);
    }

    /** Another image beside this one. */
    public RbdVolume beside(String other) {
        return new RbdVolume(access, pool, namespace, other);
    }

    /** Its name as libvirt and QEMU write it. */
    public String name() {
        return pool + "/" + (namespace.isEmpty() ? "" : namespace + "/") + image;
    }

    /** Its place in words, e.g. {@code rbd:POOL/IMAGE}. */
    public String location() {
        return "rbd:" + name();
    }

    /** Has a disk of a domain lie on this volume. */
    public void describe(Element disk) {
        disk.setAttribute("type", "network");
        Element source = Xml.add(disk, "source");
        describeSource(source);
    }

    private void describeSource(Element source) {
        source.setAttribute("protocol", "rbd");
        source.setAttribute("name", name());
        access.describe(source);
    }

    /** Writes it into a plan. */
    public void write(Element parent) {
        describeSource(Xml.add(parent, "volume"));
    }

    /** Reads what {@link #write} wrote; empty if there is none. */
    public static Optional<RbdVolume> read(Element parent) {
        return Xml.child(parent, "volume")
                .map(volume -> parse(CephAccess.of(volume, volume), volume.getAttribute("name")));
    }

    private static void requireName(String what, String name) {
        if (!NAME.matcher(name).matches() || name.length() > LONGEST_NAME) {
            throw SnapshotException.invalid("the name of a volume's " + what
                    + " has 1 to " + LONGEST_NAME + " characters without '/', '@' and control characters, got '"
                    + name.substring(0, Math.min(name.length(), LONGEST_NAME)) + "'");
        }
    }
}
