package io.stillframe.internal.engine;

import io.stillframe.catalog.RecordJson;
import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.Keep;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Progress;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * A snapshot's manifest, which makes its stored objects usable without any catalog; {@code docs/formats/manifest.md} describes it.
 *
 * @param snapshot the snapshot with all that is known of it just before its publication
 * @param definition the instance's definition in its hypervisor's own words
 */
record Manifest(Snapshot snapshot, String definition) {
    private static final String MAGIC = "stillframe-manifest";
    private static final int VERSION = 1;
    static final int LARGEST = 16 << 20;
    private static final Pattern FRAME = Pattern.compile("\\{\"magic\":\"([a-z-]{1,64})\",\"version\":([0-9]{1,9}),"
            + "\"length\":\"([0-9]{10})\",\"crc32c\":\"([0-9a-f]{8})\",\n");

    /** The manifest of a snapshot whose disks are all stored; the same for every process that publishes it. */
    static Manifest of(Snapshot snapshot, String definition) {
        Snapshot.Builder lasting = snapshot.toBuilder().phase(Phase.PUBLISHING).progress(Progress.none());
        for (Obligation obligation : Obligation.values()) {
            lasting.discharged(obligation);
        }
        // Of other storage than the stores it says nothing: that is gone when the manifest is all that is left.
        lasting.volumes(Optional.empty())
                .disks(snapshot.disks().stream()
                        .map(disk -> disk.withVolume(Optional.empty()))
                        .toList())
                .placement(snapshot.placement().withKeep(Keep.AUTOMATIC));
        // Which regions have it already is not the manifest's to say: it is the same in all of them.
        lasting.replicas(snapshot.replicas().stream()
                .map(copy -> copy.transferring().withBytesStored(0))
                .toList());
        return new Manifest(lasting.build(), definition);
    }

    ByteBuffer toBytes() {
        String body = "\"body\":"
                + JsonWriter.write(
                        w -> w.embedded("snapshot", RecordJson.write(snapshot)).text("definition", definition))
                + "}\n";
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String frame = String.format(
                Locale.ROOT,
                "{\"magic\":\"%s\",\"version\":%d,\"length\":\"%010d\",\"crc32c\":\"%08x\",\n",
                MAGIC,
                VERSION,
                bytes.length,
                crc(bytes));
        return ByteBuffer.wrap((frame + body).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads a manifest.
     *
     * @throws SnapshotException CORRUPT if it is none or was changed; UNSUPPORTED if it is of a newer version
     */
    static Manifest parse(byte[] bytes, String where) {
        if (bytes.length > LARGEST) {
            throw SnapshotException.corrupt(
                    where + ": a manifest of " + bytes.length + " bytes; at most " + LARGEST + " are allowed");
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        Matcher frame = FRAME.matcher(text);
        if (!frame.lookingAt() || !frame.group(1).equals(MAGIC)) {
            throw SnapshotException.corrupt(where + ": not a manifest; its first line is not that of one");
        }
        if (Integer.parseInt(frame.group(2)) != VERSION) {
            throw SnapshotException.unsupported(where + ": a manifest of version " + frame.group(2)
                    + ", this release reads " + VERSION + "; use a newer one");
        }
        byte[] body = text.substring(frame.end()).getBytes(StandardCharsets.UTF_8);
        if (body.length != Long.parseLong(frame.group(3)) || crc(body) != Long.parseLong(frame.group(4), 16)) {
            throw SnapshotException.corrupt(where + ": length or checksum of the manifest is wrong");
        }
        JsonObject json = JsonObject.parse(text, where).object("body");
        return new Manifest(RecordJson.readSnapshot(json.object("snapshot").toJson(), where), json.text("definition"));
    }

    private static long crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return crc.getValue();
    }
}
