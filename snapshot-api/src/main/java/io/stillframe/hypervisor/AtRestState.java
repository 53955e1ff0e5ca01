package io.stillframe.hypervisor;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageLayer;
import java.util.List;

/**
 * What a capture at rest plans: which files are read as which disk. As JSON, it is the plan's state.
 *
 * @param disks the disks in the order of the plan
 */
record AtRestState(List<Disk> disks) {
    private static final int VERSION = 1;

    /**
     * @param device its device name
     * @param layers its chain, active layer first, absolute locations
     */
    record Disk(String device, List<ImageLayer> layers) {}

    List<ImageLayer> layers(String device) {
        return disks.stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("the capture has no disk " + device + "; it has "
                        + disks.stream().map(Disk::device).toList()))
                .layers();
    }

    String toJson() {
        return JsonWriter.write(json -> json.number("version", VERSION)
                .objects(
                        "disks",
                        disks,
                        (out, disk) -> out.text("device", disk.device())
                                .objects(
                                        "layers",
                                        disk.layers(),
                                        (inner, layer) -> inner.text("path", layer.location())
                                                .text("format", layer.format()))));
    }

    static AtRestState parse(String text) {
        JsonObject json = JsonObject.parse(text, "capture plan");
        if (json.intNumber("version") != VERSION) {
            throw SnapshotException.unsupported(
                    "the capture plan has version " + json.intNumber("version") + ", only " + VERSION + " is known");
        }
        return new AtRestState(json.objects("disks").stream()
                .map(disk -> new Disk(disk.text("device"), layers(disk)))
                .toList());
    }

    private static List<ImageLayer> layers(JsonObject disk) {
        List<ImageLayer> layers = disk.objects("layers").stream()
                .map(layer -> new ImageLayer(layer.text("path"), layer.text("format")))
                .toList();
        if (layers.isEmpty()) {
            throw SnapshotException.corrupt("the capture plan has a disk without a layer");
        }
        return layers;
    }
}
