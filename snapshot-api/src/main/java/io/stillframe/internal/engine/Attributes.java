package io.stillframe.internal.engine;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.Compression;
import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.Storing;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.UploadToken;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the engine keeps in a record beside the public snapshot, so that another process can go on: typed access to attributes. */
final class Attributes {
    private static final String REQUEST = "request";
    private static final String EXECUTOR = "executor";
    private static final String CODEC = "codec";
    private static final String COMPRESSION = "compression";
    private static final String DEFINITION = "definition";
    private static final String WINDOW = "shutdown-window";
    private static final String PLAN = "capture-plan";
    private static final String KEPT = "kept-on-volumes";
    private static final String UPLOAD = "upload/";
    private static final String UPLOAD_TO = "upload-to/";
    private static final String DISCARDED = "discarded/";
    private static final String SUSPECT = "suspect/";
    private static final String BASE = "base";
    private static final String LENDS = "lends";
    private static final String STORE = "store";
    private static final String LAUNCH = "launch-plan";
    private static final String LAUNCH_OF = "launch-of";

    /** Who does what waits for its turn. */
    enum Executor {
        /** The service that was asked, as long as it lives. */
        ASKED,
        /** Any that reaches host and store. */
        ANYONE
    }

    /** Whether the store may hold something of a snapshot. */
    enum StoreState {
        /** Something may have been sent; it is removed if the snapshot does not become available. */
        TOUCHED,
        /** Certainly nothing is there. */
        CLEAN
    }

    private Attributes() {}

    /** @param definition the instance's, if it could be looked at already */
    static Map<String, String> ofSnapshot(SnapshotRequest request, Optional<String> definition, Executor executor) {
        Map<String, String> attributes = new HashMap<>();
        attributes.put(CODEC, request.codec());
        attributes.put(REQUEST, RequestText.of(request));
        attributes.put(EXECUTOR, executor.name());
        definition.ifPresent(text -> attributes.put(DEFINITION, text));
        attributes.put(WINDOW, request.shutdown().window().toString());
        request.compression().ifPresent(value -> attributes.put(COMPRESSION, value.toString()));
        return attributes;
    }

    /** Of a snapshot that is known from its manifest: what launching it needs. */
    static Map<String, String> ofStored(String definition) {
        return Map.of(DEFINITION, definition, STORE, StoreState.TOUCHED.name(), LENDS, "perhaps");
    }

    /** Of a snapshot of which only that is left which others are built on: nothing is told of its request, nor found by its token. */
    static CatalogRecord ofRemoved(CatalogRecord record, Snapshot removed) {
        return new CatalogRecord(
                removed,
                record.version(),
                Optional.empty(),
                Optional.empty(),
                Work.NONE,
                Map.of(STORE, StoreState.TOUCHED.name(), LENDS, "to younger ones"));
    }

    static Map<String, String> ofLaunch(SnapshotId of, LaunchPlan plan) {
        String json = JsonWriter.write(w -> w.text("name", plan.name()).text("state", plan.state()));
        return Map.of(LAUNCH_OF, of.value(), LAUNCH, json);
    }

    /** What was asked for, as text. */
    static Optional<String> request(CatalogRecord record) {
        return attribute(record, REQUEST);
    }

    static SnapshotRequest requireRequest(CatalogRecord record) {
        return RequestText.parse(required(record, REQUEST), nameOf(record, REQUEST));
    }

    /** Whether waiting work is left to any service, not to the one that was asked. */
    static boolean isForAnyone(CatalogRecord record) {
        return attribute(record, EXECUTOR).equals(Optional.of(Executor.ANYONE.name()));
    }

    /** Whether the instance has been looked at. */
    static boolean isIdentified(CatalogRecord record) {
        return attribute(record, DEFINITION).isPresent();
    }

    static CatalogRecord withDefinition(CatalogRecord record, String definition) {
        return record.withAttribute(DEFINITION, definition);
    }

    static String codec(CatalogRecord record) {
        return required(record, CODEC);
    }

    static Storing storing(CatalogRecord record) {
        return request(record)
                .map(text -> RequestText.parse(text, nameOf(record, REQUEST)).storing())
                .orElse(Storing.WHOLE);
    }

    /** Whether others may be built on it. */
    static boolean mayLend(CatalogRecord record) {
        return attribute(record, LENDS).isPresent();
    }

    static CatalogRecord withLends(CatalogRecord record) {
        return record.withAttribute(LENDS, "to younger ones");
    }

    /** Whether it is decided on which snapshot it is built. */
    static boolean isBaseDecided(CatalogRecord record) {
        return attribute(record, BASE).isPresent();
    }

    /** The snapshot that it is built on; empty if on none. */
    static Optional<SnapshotId> base(CatalogRecord record) {
        return attribute(record, BASE).filter(id -> !id.isEmpty()).map(SnapshotId::new);
    }

    static CatalogRecord withBase(CatalogRecord record, Optional<SnapshotId> base) {
        return record.withAttribute(BASE, base.map(SnapshotId::value).orElse(""));
    }

    static Optional<Compression> compression(CatalogRecord record) {
        return attribute(record, COMPRESSION).map(Compression::parse);
    }

    /** How long the guest was given to stop. */
    static Duration window(CatalogRecord record) {
        return Duration.parse(required(record, WINDOW));
    }

    static String definition(CatalogRecord record) {
        return required(record, DEFINITION);
    }

    static Optional<CapturePlan> plan(CatalogRecord record) {
        return attribute(record, PLAN).map(json -> readPlan(JsonObject.parse(json, nameOf(record, PLAN))));
    }

    static CapturePlan requirePlan(CatalogRecord record) {
        return plan(record).orElseThrow(() -> missing(record, PLAN));
    }

    static CatalogRecord withPlan(CatalogRecord record, CapturePlan plan) {
        return record.withAttribute(PLAN, planText(plan.snapshot(), plan.instance(), plan.disks(), plan.state()));
    }

    /** What is kept on volumes, or is about to be; as long as it is said here, it is to be removed with the snapshot. */
    static Optional<VolumeSnapshot> kept(CatalogRecord record) {
        return attribute(record, KEPT)
                .map(json -> readPlan(JsonObject.parse(json, nameOf(record, KEPT))))
                .map(plan -> new VolumeSnapshot(plan.snapshot(), plan.instance(), plan.disks(), plan.state()));
    }

    static CatalogRecord withKept(CatalogRecord record, VolumeSnapshot kept) {
        return record.withAttribute(KEPT, planText(kept.snapshot(), kept.instance(), kept.disks(), kept.state()));
    }

    static CatalogRecord withoutKept(CatalogRecord record) {
        return without(record, KEPT);
    }

    private static String planText(
            SnapshotId snapshot, InstanceId instance, List<CapturePlan.Disk> disks, String state) {
        return JsonWriter.write(w -> w.text("snapshot", snapshot.value())
                .text("instance", instance.value())
                .text("state", state)
                .objects(
                        "disks",
                        disks,
                        (disk, d) -> disk.text("device", d.device())
                                .constant("role", d.role())
                                .text("format", d.format())
                                .number("virtualSize", d.virtualSize())));
    }

    static CatalogRecord withUpload(CatalogRecord record, Region region, String device, UploadToken token) {
        return record.withAttribute(
                uploads(record.snapshot(), region) + device,
                JsonWriter.write(w -> w.text("key", token.key().value())
                        .number("firstSize", token.layout().firstSize())
                        .number("step", token.layout().step())
                        .text("state", token.state())));
    }

    /** The upload of one disk to a region that was begun last and may be unfinished. */
    static Optional<UploadToken> upload(CatalogRecord record, Region region, String device) {
        String name = uploads(record.snapshot(), region) + device;
        return attribute(record, name).map(json -> readToken(JsonObject.parse(json, nameOf(record, name))));
    }

    /** Uploads to a region that were begun and may be unfinished. */
    static List<UploadToken> uploads(CatalogRecord record, Region region) {
        String names = uploads(record.snapshot(), region);
        return record.attributes().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(names))
                .map(entry -> readToken(JsonObject.parse(entry.getValue(), nameOf(record, entry.getKey()))))
                .toList();
    }

    /** Without what a copy has left that is no more; as long as the snapshot still shows it. */
    static CatalogRecord withoutCopy(CatalogRecord record, Replica copy) {
        CatalogRecord left = without(record, uploads(record.snapshot(), copy));
        return without(without(left, DISCARDED + copy.region() + "/"), SUSPECT + copy.region() + "/");
    }

    /** What others have stored in a region and a copy there needs is not trusted until the copy is complete. */
    static CatalogRecord withSuspect(CatalogRecord record, Region region) {
        return record.withAttribute(SUSPECT + region.name() + "/", "was damaged");
    }

    static boolean isSuspect(CatalogRecord record, Region region) {
        return attribute(record, SUSPECT + region.name() + "/").isPresent();
    }

    static CatalogRecord withoutSuspect(CatalogRecord record, Region region) {
        return without(record, SUSPECT + region.name() + "/");
    }

    /** What a region has of a copy is damaged: it is removed before the copy is made anew. */
    static CatalogRecord withDiscarded(CatalogRecord record, Region region) {
        return record.withAttribute(DISCARDED + region.name() + "/", "damaged");
    }

    static boolean isDiscarded(CatalogRecord record, Region region) {
        return attribute(record, DISCARDED + region.name() + "/").isPresent();
    }

    static CatalogRecord withoutDiscarded(CatalogRecord record, Region region) {
        return without(record, DISCARDED + region.name() + "/");
    }

    private static CatalogRecord without(CatalogRecord record, String names) {
        Map<String, String> kept = new HashMap<>(record.attributes());
        kept.keySet().removeIf(name -> name.startsWith(names));
        return new CatalogRecord(
                record.snapshot(), record.version(), record.claim(), record.token(), record.work(), kept);
    }

    /** Those to the home region have the names that they had when there was no other one. */
    private static String uploads(Snapshot snapshot, Region region) {
        return uploads(snapshot, Replica.pending(region.name(), region.store().uri()));
    }

    private static String uploads(Snapshot snapshot, Replica copy) {
        Optional<Replica> home = snapshot.replicas().stream().findFirst();
        boolean isHome = home.isEmpty() || home.get().store().equals(copy.store());
        return isHome ? UPLOAD : UPLOAD_TO + copy.region() + "/";
    }

    static CatalogRecord withStore(CatalogRecord record, StoreState state) {
        return record.withAttribute(STORE, state.name());
    }

    static StoreState store(CatalogRecord record) {
        return attribute(record, STORE).map(StoreState::valueOf).orElse(StoreState.TOUCHED);
    }

    /** The snapshot that this record is a launch of; empty if the record is a snapshot. */
    static Optional<SnapshotId> launchOf(CatalogRecord record) {
        return attribute(record, LAUNCH_OF).map(SnapshotId::new);
    }

    static LaunchPlan launchPlan(CatalogRecord record) {
        JsonObject json = JsonObject.parse(required(record, LAUNCH), nameOf(record, LAUNCH));
        return new LaunchPlan(json.text("name"), json.text("state"));
    }

    private static CapturePlan readPlan(JsonObject json) {
        List<CapturePlan.Disk> disks = json.objects("disks").stream()
                .map(d -> new CapturePlan.Disk(
                        d.text("device"),
                        d.constant("role", DiskRole.class),
                        d.text("format"),
                        d.number("virtualSize")))
                .toList();
        return new CapturePlan(
                new SnapshotId(json.text("snapshot")),
                new InstanceId(json.text("instance")),
                disks,
                json.text("state"));
    }

    private static UploadToken readToken(JsonObject json) {
        PartLayout layout = new PartLayout(json.intNumber("firstSize"), json.intNumber("step"));
        return new UploadToken(ObjectKey.of(json.text("key")), layout, json.text("state"));
    }

    private static Optional<String> attribute(CatalogRecord record, String key) {
        return Optional.ofNullable(record.attributes().get(key));
    }

    private static String required(CatalogRecord record, String key) {
        return attribute(record, key).orElseThrow(() -> missing(record, key));
    }

    private static SnapshotException missing(CatalogRecord record, String key) {
        return SnapshotException.corrupt("the catalog's " + nameOf(record, key) + " is missing");
    }

    private static String nameOf(CatalogRecord record, String key) {
        return "attribute '" + key + "' of " + record.snapshot().id();
    }
}
