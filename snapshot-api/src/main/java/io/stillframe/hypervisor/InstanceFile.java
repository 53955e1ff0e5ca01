package io.stillframe.hypervisor;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageLayer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An {@code instance.json}: what an instance of an image directory is. The format is described in
 * {@code docs/formats/image-directory.md}.
 *
 * @param id lasting identity
 * @param name its name, that of its directory
 * @param disks its disks, at least one, in order
 */
record InstanceFile(InstanceId id, String name, List<Disk> disks) {
    private static final int VERSION = 1;

    /**
     * @param device its device name
     * @param role root or data
     * @param layers the declared chain, active layer first; a location is absolute or relative to the instance's directory
     */
    record Disk(String device, DiskRole role, List<ImageLayer> layers) {}

    InstanceFile {
        disks = List.copyOf(disks);
    }

    String toJson() {
        return JsonWriter.write(json -> json.number("version", VERSION)
                .text("id", id.value())
                .text("name", name)
                .objects("disks", disks, InstanceFile::write));
    }

    private static void write(JsonWriter json, Disk disk) {
        json.text("device", disk.device()).text("role", disk.role().name().toLowerCase(Locale.ROOT));
        write(json, disk.layers().get(0));
        if (disk.layers().size() > 1) {
            json.objects("backing", disk.layers().subList(1, disk.layers().size()), InstanceFile::write);
        }
    }

    private static void write(JsonWriter json, ImageLayer layer) {
        json.text("file", layer.location()).text("format", layer.format());
    }

    /**
     * Reads one.
     *
     * @param document its path, for messages
     * @throws SnapshotException CORRUPT if it breaks the format, UNSUPPORTED if it is of a newer version
     */
    static InstanceFile parse(String text, String document) {
        JsonObject json = JsonObject.parse(text, document);
        if (json.intNumber("version") != VERSION) {
            throw SnapshotException.unsupported(document + " has version " + json.intNumber("version") + ", only "
                    + VERSION + " is known; use a newer release");
        }
        try {
            return new InstanceFile(
                    new InstanceId(json.text("id")), Names.instance(json.text("name")), disks(json, document));
        } catch (SnapshotException e) {
            if (e.kind() == SnapshotException.Kind.CORRUPT) {
                throw e; // Names the document already.
            }
            throw new SnapshotException(SnapshotException.Kind.CORRUPT, document + ": " + e.getMessage(), e);
        }
    }

    private static List<Disk> disks(JsonObject json, String document) {
        List<Disk> disks =
                json.objects("disks").stream().map(InstanceFile::disk).toList();
        long devices = disks.stream().map(Disk::device).distinct().count();
        if (disks.isEmpty() || devices != disks.size()) {
            throw SnapshotException.corrupt(document + " needs at least one disk and no device name twice");
        }
        return disks;
    }

    private static Disk disk(JsonObject json) {
        List<ImageLayer> layers = new ArrayList<>();
        layers.add(layer(json));
        if (json.has("backing")) {
            json.objects("backing").forEach(backing -> layers.add(layer(backing)));
        }
        DiskRole role = json.converted("role", "root or data", text -> DiskRole.valueOf(text.toUpperCase(Locale.ROOT)));
        return new Disk(Names.device(json.text("device")), role, List.copyOf(layers));
    }

    private static ImageLayer layer(JsonObject json) {
        return new ImageLayer(
                json.converted("file", "a file's path", InstanceFile::checkedPath),
                Names.token("a disk image's format", json.text("format")));
    }

    private static String checkedPath(String text) {
        if (text.isEmpty() || Path.of(text).getFileName() == null) {
            throw new InvalidPathException(text, "names no file");
        }
        return text;
    }
}
