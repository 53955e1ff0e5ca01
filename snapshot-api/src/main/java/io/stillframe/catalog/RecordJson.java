package io.stillframe.catalog;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Work;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Snapshots and catalog records as JSON, for catalogs, manifests and tools. Written on one line of ASCII; read strictly bounded: at most
 * 16 Mi characters and 32 levels.
 *
 * <p>Version 4 where a snapshot is stored as what changed or others are built on a removed one, 3 where it is kept on volumes, 2 where in
 * several regions, 1 elsewhere. A reader ignores fields that it does not know, so that a newer writer may add some; what an older reader
 * would get wrong raises the version, and such a text is refused. Times and durations are ISO 8601 with up to nine decimals, sizes are integers
 * of bytes, absent values are left out. Stateless.
 */
public final class RecordJson {
    /** The highest version that is written and read. */
    public static final int VERSION = 4;

    private static final int ON_VOLUMES = 3;
    private static final int SEVERAL_REGIONS = 2;
    private static final String SNAPSHOT = "stillframe-snapshot";
    private static final String RECORD = "stillframe-record";

    private RecordJson() {}

    /** A snapshot's text. */
    public static String write(Snapshot snapshot) {
        return JsonWriter.write(out ->
                SnapshotFields.write(out.text("format", SNAPSHOT).number("version", versionOf(snapshot)), snapshot));
    }

    private static int versionOf(Snapshot snapshot) {
        if (!SnapshotFields.isWhole(snapshot)) {
            return VERSION;
        }
        if (!SnapshotFields.isOfStores(snapshot)) {
            return ON_VOLUMES;
        }
        return SnapshotFields.isOfOneRegion(snapshot) ? 1 : SEVERAL_REGIONS;
    }

    /** A record's text. */
    public static String write(CatalogRecord record) {
        return JsonWriter.write(out -> out.text("format", RECORD)
                .number("version", versionOf(record.snapshot()))
                .number("revision", record.version())
                .text("claim", record.claim())
                .text("token", record.token())
                .constant("work", record.work())
                .object("snapshot", fields -> SnapshotFields.write(fields, record.snapshot()))
                .textMap("attributes", record.attributes()));
    }

    /**
     * Reads a snapshot's text.
     *
     * @param document where the text is from, for messages, e.g. a file's name
     * @throws SnapshotException CORRUPT if it breaks the format, naming document and field; UNSUPPORTED if a newer version wrote it
     */
    public static Snapshot readSnapshot(String json, String document) {
        JsonObject in = open(json, document, SNAPSHOT);
        return checked(document, () -> SnapshotFields.read(in));
    }

    /**
     * Reads a record's text.
     *
     * @param document where the text is from, for messages, e.g. a file's name
     * @throws SnapshotException CORRUPT if it breaks the format, naming document and field; UNSUPPORTED if a newer version wrote it
     */
    public static CatalogRecord readRecord(String json, String document) {
        JsonObject in = open(json, document, RECORD);
        return checked(document, () -> {
            Snapshot snapshot = SnapshotFields.read(in.object("snapshot"));
            Optional<String> claim = in.textIfPresent("claim");
            Optional<String> token = in.textIfPresent("token");
            Work work = in.has("work") ? in.constant("work", Work.class) : unsaid(snapshot);
            return new CatalogRecord(snapshot, in.number("revision"), claim, token, work, in.textMap("attributes"));
        });
    }

    /** Of a record that an older release wrote: what may be left of given-up ones only recovery can tell. */
    private static Work unsaid(Snapshot snapshot) {
        boolean givenUp = snapshot.status() == SnapshotStatus.FAILED || snapshot.status() == SnapshotStatus.CANCELLED;
        return givenUp ? Work.DUTIES : Work.of(snapshot);
    }

    private static JsonObject open(String json, String document, String format) {
        JsonObject in = JsonObject.parse(json, document);
        if (!in.text("format").equals(format)) {
            throw SnapshotException.corrupt(document + ": field 'format' must be '" + format + "'");
        }
        long version = in.number("version");
        if (version < 1) {
            throw SnapshotException.corrupt(document + ": field 'version' must be at least 1, got " + version);
        }
        if (version > VERSION) {
            throw SnapshotException.unsupported(document + ": written in version " + version
                    + " of its format, this library reads up to " + VERSION + "; use a newer release");
        }
        return in;
    }

    /** Values that the model refuses are faults of the text, not of the caller. */
    private static <T> T checked(String document, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (SnapshotException e) {
            if (e.kind() != Kind.INVALID) {
                throw e;
            }
            throw new SnapshotException(Kind.CORRUPT, document + ": " + e.getMessage(), e);
        }
    }
}
