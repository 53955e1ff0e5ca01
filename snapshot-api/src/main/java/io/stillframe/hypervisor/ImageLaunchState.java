package io.stillframe.hypervisor;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.LaunchSpec;
import java.util.List;
import java.util.UUID;

/**
 * What a launch into an image directory makes. As JSON, it is the plan's state.
 *
 * @param id the new instance's identity
 * @param disks its disks
 */
record ImageLaunchState(UUID id, List<LaunchSpec.Disk> disks) {
    private static final int VERSION = 1;

    ImageLaunchState {
        disks = List.copyOf(disks);
    }

    /** The directory's name while the launch is not complete. */
    String stagedName() {
        return ".launch-" + id;
    }

    /** A disk's file within the instance's directory. */
    static String fileName(String device) {
        return Names.device(device) + ".raw";
    }

    LaunchSpec.Disk disk(String device) {
        return disks.stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("the launch has no disk " + device + "; it has "
                        + disks.stream().map(LaunchSpec.Disk::device).toList()));
    }

    InstanceFile toInstance(String name) {
        return new InstanceFile(
                new InstanceId(id.toString()),
                name,
                disks.stream()
                        .map(disk -> new InstanceFile.Disk(
                                disk.device(), disk.role(), List.of(new ImageLayer(fileName(disk.device()), "raw"))))
                        .toList());
    }

    String toJson() {
        return JsonWriter.write(json -> json.number("version", VERSION)
                .text("id", id.toString())
                .objects(
                        "disks",
                        disks,
                        (out, disk) -> out.text("device", disk.device())
                                .constant("role", disk.role())
                                .number("size", disk.size())));
    }

    static ImageLaunchState parse(String text) {
        JsonObject json = JsonObject.parse(text, "launch plan");
        if (json.intNumber("version") != VERSION) {
            throw SnapshotException.unsupported(
                    "the launch plan has version " + json.intNumber("version") + ", only " + VERSION + " is known");
        }
        return new ImageLaunchState(
                json.converted("id", "a UUID", UUID::fromString),
                json.objects("disks").stream()
                        .map(disk -> new LaunchSpec.Disk(
                                Names.device(disk.text("device")),
                                disk.constant("role", DiskRole.class),
                                disk.number("size")))
                        .toList());
    }
}
