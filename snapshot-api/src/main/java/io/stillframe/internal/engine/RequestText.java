package io.stillframe.internal.engine;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.internal.json.PlacementFields;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Compression;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.Retention;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.Storing;
import io.stillframe.model.Tenant;
import java.util.List;
import java.util.Optional;

/**
 * What a request asks for, as text that is the same for the same request: by it a repeated one is told from a different one, and another
 * service knows what to do.
 */
final class RequestText {
    private static final String ROOT = "(root)";
    private static final String ALL = "(all)";

    private RequestText() {}

    static String of(SnapshotRequest request) {
        return JsonWriter.write(out -> {
            out.text("instance", request.instance())
                    .text("host", request.host())
                    .text("tenant", request.tenant().name())
                    .text("name", request.name())
                    .number("retentionDays", request.retention().days())
                    .text("legalHold", request.retention().legalHold())
                    .constant("capture", request.capture())
                    .text("shutdownWindow", request.shutdown().window().toString())
                    .text("shutdownInterval", request.shutdown().interval().toString())
                    .texts("disks", disks(request.disks()))
                    .text("codec", request.codec())
                    .text("compression", request.compression().map(Compression::toString));
            if (request.storing() != Storing.WHOLE) {
                out.constant("storing", request.storing());
            }
            request.placement().ifPresent(value -> PlacementFields.write(out, "placement", value));
        });
    }

    /** The request of a text, without its idempotency token. */
    static SnapshotRequest parse(String json, String where) {
        JsonObject in = JsonObject.parse(json, where);
        return new SnapshotRequest(
                in.text("instance"),
                in.textIfPresent("host"),
                in.textIfPresent("tenant").map(Tenant::new).orElseGet(Tenant::ofDefault),
                in.textIfPresent("name"),
                new Retention(in.intNumber("retentionDays"), in.textIfPresent("legalHold")),
                in.constant("capture", CaptureMode.class),
                new ShutdownPolicy(in.duration("shutdownWindow"), in.duration("shutdownInterval")),
                selection(in.texts("disks")),
                in.text("codec"),
                in.textIfPresent("compression").map(Compression::parse),
                Optional.empty(),
                Optional.of(PlacementFields.read(in, "placement")).filter(value -> in.has("placement")),
                in.has("storing") ? in.constant("storing", Storing.class) : Storing.WHOLE);
    }

    private static DiskSelection selection(List<String> disks) {
        if (disks.equals(List.of(ROOT))) {
            return DiskSelection.root();
        }
        return disks.equals(List.of(ALL)) ? DiskSelection.all() : DiskSelection.devices(disks);
    }

    private static List<String> disks(DiskSelection selection) {
        if (selection instanceof DiskSelection.Devices some) {
            return some.devices().stream().sorted().toList();
        }
        return List.of(selection instanceof DiskSelection.Root ? ROOT : ALL);
    }
}
