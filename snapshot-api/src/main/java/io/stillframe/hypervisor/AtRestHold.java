package io.stillframe.hypervisor;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CapturePlan;
import java.util.List;

/**
 * A held point in time of images at rest.
 *
 * @param plan whose
 * @param files what the images were when it began
 */
record AtRestHold(CapturePlan plan, List<FileIdentity> files) {
    private static final int VERSION = 1;

    AtRestHold {
        files = List.copyOf(files);
    }

    String toJson() {
        return JsonWriter.write(json -> json.number("version", VERSION)
                .text("snapshot", plan.snapshot().value())
                .text("instance", plan.instance().value())
                .objects("disks", plan.disks(), AtRestHold::write)
                .text("state", plan.state())
                .objects("files", files, (out, file) -> file.write(out)));
    }

    private static void write(JsonWriter json, CapturePlan.Disk disk) {
        json.text("device", disk.device())
                .constant("role", disk.role())
                .text("format", disk.format())
                .number("size", disk.virtualSize());
    }

    static AtRestHold parse(String text, String document) {
        JsonObject json = JsonObject.parse(text, document);
        if (json.intNumber("version") != VERSION) {
            throw SnapshotException.unsupported(document + " has version " + json.intNumber("version") + ", only "
                    + VERSION + " is known; use the release that made it");
        }
        List<CapturePlan.Disk> disks = json.objects("disks").stream()
                .map(disk -> new CapturePlan.Disk(
                        disk.text("device"),
                        disk.constant("role", DiskRole.class),
                        disk.text("format"),
                        disk.number("size")))
                .toList();
        CapturePlan plan = new CapturePlan(
                json.converted("snapshot", "a snapshot's identity", SnapshotId::new),
                json.converted("instance", "an instance's identity", InstanceId::new),
                disks,
                json.text("state"));
        return new AtRestHold(
                plan, json.objects("files").stream().map(FileIdentity::parse).toList());
    }
}
