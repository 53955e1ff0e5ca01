package io.stillframe.libvirt.internal.domain;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageLayer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A disk's chain of layers as it is declared: by the XML as far as that goes, then by the heads of the files that are declared as
 * qcow2, which must name the format of what lies below. A raw layer ends the chain: its bytes are the guest's and are never looked at.
 */
public final class BackingChain {
    private static final int DEEPEST = 256;
    private static final long SECTOR = 512;

    private BackingChain() {}

    /**
     * The whole chain.
     *
     * @return active layer first
     * @throws SnapshotException UNSUPPORTED if a layer cannot be followed or read as a local file, with the remedy; CORRUPT if a head
     *     is broken; PERMANENT if a file cannot be read
     */
    public static List<ImageLayer> complete(DomainDisk disk) {
        DomainDisk.Declared declared = disk.declared();
        declared.layers().forEach(layer -> requireReadable(disk, layer));
        return declared.complete() ? declared.layers() : follow(disk, declared.layers());
    }

    /** The chain as far as it can be told, for the mere description of an instance. */
    public static List<ImageLayer> known(DomainDisk disk) {
        try {
            return complete(disk);
        } catch (SnapshotException e) {
            return disk.declared().layers();
        }
    }

    /**
     * What the guest sees as the disk's size, from its active layer's file.
     *
     * @throws SnapshotException CORRUPT, PERMANENT
     */
    public static long virtualSize(ImageLayer active) {
        Path file = Path.of(active.location());
        if (active.format().equals("qcow2")) {
            return Qcow2Header.read(file).virtualSize();
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return Math.addExact(channel.size(), SECTOR - 1) / SECTOR * SECTOR;
        } catch (IOException e) {
            throw SnapshotException.permanent(
                    "cannot read the size of " + file + ": " + e.getClass().getSimpleName() + " " + e.getMessage(), e);
        }
    }

    private static List<ImageLayer> follow(DomainDisk disk, List<ImageLayer> declared) {
        List<ImageLayer> chain = new ArrayList<>(declared);
        Set<String> seen = new HashSet<>();
        declared.forEach(layer -> seen.add(layer.location()));
        Optional<ImageLayer> below = below(chain.get(chain.size() - 1));
        while (below.isPresent()) {
            ImageLayer layer = below.get();
            requireReadable(disk, layer);
            if (!seen.add(layer.location()) || chain.size() >= DEEPEST) {
                throw SnapshotException.corrupt("the backing chain of disk " + disk.device() + " has a loop at "
                        + layer.location() + " or more than " + DEEPEST + " layers");
            }
            chain.add(layer);
            below = below(layer);
        }
        return List.copyOf(chain);
    }

    private static Optional<ImageLayer> below(ImageLayer layer) {
        if (!layer.format().equals("qcow2")) {
            return Optional.empty();
        }
        Path file = Path.of(layer.location());
        Qcow2Header header = Qcow2Header.read(file);
        if (header.encrypted() || header.externalData()) {
            throw SnapshotException.unsupported(
                    file + (header.encrypted() ? " is encrypted" : " keeps its data in another file")
                            + ", which cannot be read");
        }
        return header.backingFile().map(name -> backing(file, name, header.backingFormat()));
    }

    private static ImageLayer backing(Path file, String name, Optional<String> format) {
        if (name.indexOf('\0') >= 0 || name.startsWith("json:") || name.matches("[A-Za-z0-9+.-]+:.*")) {
            throw SnapshotException.unsupported("the backing file of " + file + " is no local file");
        }
        String declared = format.orElseThrow(() -> SnapshotException.unsupported("the head of " + file
                + " does not say the format of its backing file; declare it, e.g. with qemu-img rebase -u -F"));
        Path parent = file.getParent();
        Path below = parent == null ? Path.of(name) : parent.resolve(name);
        return new ImageLayer(below.normalize().toString(), declared);
    }

    private static void requireReadable(DomainDisk disk, ImageLayer layer) {
        if (!layer.location().startsWith("/") || !Files.isReadable(Path.of(layer.location()))) {
            throw SnapshotException.unsupported("disk " + disk.device() + ": layer " + layer.location()
                    + " cannot be read as a local file by this process");
        }
        if (!layer.format().equals("raw") && !layer.format().equals("qcow2")) {
            throw SnapshotException.unsupported("disk " + disk.device() + ": layer " + layer.location()
                    + " is of format " + layer.format() + ", only raw and qcow2 can be read");
        }
    }
}
