package io.stillframe.internal.engine;

import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.Compression;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotRequest;
import java.util.List;

/** What a request asks for, as text that is the same for the same request: by it a repeated one is told from a different one. */
final class RequestText {
    private RequestText() {}

    static String of(SnapshotRequest request) {
        return JsonWriter.write(out -> out.text("instance", request.instance())
                .text("name", request.name())
                .number("retentionDays", request.retention().days())
                .text("legalHold", request.retention().legalHold())
                .constant("capture", request.capture())
                .text("shutdownWindow", request.shutdown().window().toString())
                .text("shutdownInterval", request.shutdown().interval().toString())
                .texts("disks", disks(request.disks()))
                .text("codec", request.codec())
                .text("compression", request.compression().map(Compression::toString)));
    }

    private static List<String> disks(DiskSelection selection) {
        if (selection instanceof DiskSelection.Devices some) {
            return some.devices().stream().sorted().toList();
        }
        return List.of(selection instanceof DiskSelection.Root ? "(root)" : "(all)");
    }
}
