package io.stillframe.internal.engine;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.internal.json.SealedJson;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;

/**
 * A retention that was changed after the manifest was published, kept beside it, so that a rebuilt catalog does not fall back to the
 * one that was first asked for. {@code docs/formats/manifest.md} describes it.
 *
 * @param snapshot whose
 * @param completedAt from when it counts
 * @param retention as it is now
 */
record RetentionFile(SnapshotId snapshot, Instant completedAt, Retention retention) {
    static final int LARGEST = 64 << 10;
    private static final String FORMAT = "stillframe-retention";

    static Optional<RetentionFile> of(Snapshot snapshot) {
        return snapshot.completedAt().map(at -> new RetentionFile(snapshot.id(), at, snapshot.retention()));
    }

    ByteBuffer toBytes() {
        String json = JsonWriter.write(out -> out.text("format", FORMAT)
                .number("version", 1)
                .text("snapshot", snapshot.value())
                .text("completedAt", completedAt.toString())
                .number("retentionDays", retention.days())
                .text("legalHold", retention.legalHold()));
        return ByteBuffer.wrap((SealedJson.seal(json) + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** CORRUPT if it is none or was changed; UNSUPPORTED if it is of a newer version. */
    static RetentionFile parse(byte[] bytes, String where) {
        JsonObject in = SealedJson.open(new String(bytes, StandardCharsets.ISO_8859_1), where);
        if (!in.text("format").equals(FORMAT)) {
            throw SnapshotException.corrupt(where + ": field 'format' must be '" + FORMAT + "'");
        }
        if (in.number("version") != 1) {
            throw SnapshotException.unsupported(
                    where + ": written in version " + in.number("version") + ", this release reads 1; use a newer one");
        }
        Retention retention = new Retention(in.intNumber("retentionDays"), in.textIfPresent("legalHold"));
        return new RetentionFile(
                in.converted("snapshot", "a snapshot's identity", SnapshotId::new),
                in.instant("completedAt"),
                retention);
    }
}
