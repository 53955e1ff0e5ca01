package io.stillframe.model;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * What snapshot is asked for. Immutable; made by {@link #of(String)} and {@code with…}, validated when built.
 *
 * @param instance the instance's name or identity on its host
 * @param host the host that it is on, by the name that the services know it by; the only one of the service that is asked, if empty
 * @param tenant whom it is taken for
 * @param name the snapshot's name; by default the instance's name and the time of the request
 * @param retention how long it is kept after completion
 * @param capture shutdown or live
 * @param shutdown the shutdown policy; used by a shutdown capture
 * @param disks which disks, as one consistent set
 * @param codec name of the {@code ImageCodec} that the disks are stored with
 * @param compression algorithm and level; the codec's default if empty
 * @param token an idempotency token, 1 to 255 printable ASCII characters without space: as long as the snapshot exists, the same
 *     request with the same token gives that snapshot instead of a second one
 * @param placement in which regions and on what it is kept, from when on it is available and where it may be; the service's
 *     {@link ServiceSettings#placement()} if empty
 * @param storing whether disks are stored whole or as what changed
 */
public record SnapshotRequest(
        String instance,
        Optional<String> host,
        Tenant tenant,
        Optional<String> name,
        Retention retention,
        CaptureMode capture,
        ShutdownPolicy shutdown,
        DiskSelection disks,
        String codec,
        Optional<Compression> compression,
        Optional<String> token,
        Optional<Placement> placement,
        Storing storing) {
    /** The codec used unless another is asked for. */
    public static final String DEFAULT_CODEC = "pack";

    public SnapshotRequest {
        Names.instance(instance);
        host.ifPresent(h -> Names.label("a host's name", h));
        name.ifPresent(n -> Names.label("a snapshot's name", n));
        Names.token("a codec's name", codec);
        token.ifPresent(Names::idempotencyToken);
    }

    /** All disks of the instance, by shutdown, kept for ever, with every default. */
    public static SnapshotRequest of(String instance) {
        return new SnapshotRequest(
                instance,
                Optional.empty(),
                Tenant.ofDefault(),
                Optional.empty(),
                Retention.forEver(),
                CaptureMode.SHUTDOWN,
                ShutdownPolicy.ofDefaults(),
                DiskSelection.all(),
                DEFAULT_CODEC,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Storing.WHOLE);
    }

    /** The host, by the name that the service was given it by; its URI by default. */
    public SnapshotRequest withHost(String value) {
        return changed(draft -> draft.host = Optional.of(value));
    }

    public SnapshotRequest withTenant(Tenant value) {
        return changed(draft -> draft.tenant = value);
    }

    public SnapshotRequest withName(String value) {
        return changed(draft -> draft.name = Optional.of(value));
    }

    /** Days to keep it after completion, 0 for ever. */
    public SnapshotRequest withRetentionDays(int days) {
        return withRetention(Retention.ofDays(days));
    }

    public SnapshotRequest withCapture(CaptureMode value) {
        return changed(draft -> draft.capture = value);
    }

    public SnapshotRequest withShutdown(ShutdownPolicy value) {
        return changed(draft -> draft.shutdown = value);
    }

    public SnapshotRequest withDisks(DiskSelection value) {
        return changed(draft -> draft.disks = value);
    }

    public SnapshotRequest withCodec(String value) {
        return changed(draft -> draft.codec = value);
    }

    public SnapshotRequest withCompression(Compression value) {
        return changed(draft -> draft.compression = Optional.of(value));
    }

    /** How long it is kept after completion, with or without legal hold. */
    public SnapshotRequest withRetention(Retention value) {
        return changed(draft -> draft.retention = value);
    }

    public SnapshotRequest withToken(String value) {
        return changed(draft -> draft.token = Optional.of(value));
    }

    /** In which regions it is kept, from when on it is available and where it may be. */
    public SnapshotRequest withPlacement(Placement value) {
        return changed(draft -> draft.placement = Optional.of(value));
    }

    /** Kept in these regions, its home first; short for {@link #withPlacement} with {@link Placement#in}, on what was asked for before. */
    public SnapshotRequest withRegions(String home, String... others) {
        Keep keep = placement.map(Placement::keep).orElse(Keep.AUTOMATIC);
        return withPlacement(Placement.in(home, others).withKeep(keep));
    }

    /** Kept on that; the rest of its placement stays as it is. */
    public SnapshotRequest withKeep(Keep value) {
        return withPlacement(placement.orElseGet(Placement::home).withKeep(value));
    }

    /** Whether disks are stored whole or as what changed. */
    public SnapshotRequest withStoring(Storing value) {
        return changed(draft -> draft.storing = value);
    }

    private SnapshotRequest changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.build(instance);
    }

    /** A request while one of its parts is exchanged for another. */
    private static final class Draft {
        private Optional<String> host;
        private Tenant tenant;
        private Optional<String> name;
        private Retention retention;
        private CaptureMode capture;
        private ShutdownPolicy shutdown;
        private DiskSelection disks;
        private String codec;
        private Optional<Compression> compression;
        private Optional<String> token;
        private Optional<Placement> placement;
        private Storing storing;

        Draft(SnapshotRequest base) {
            host = base.host;
            tenant = base.tenant;
            name = base.name;
            retention = base.retention;
            capture = base.capture;
            shutdown = base.shutdown;
            disks = base.disks;
            codec = base.codec;
            compression = base.compression;
            token = base.token;
            placement = base.placement;
            storing = base.storing;
        }

        SnapshotRequest build(String instance) {
            return new SnapshotRequest(
                    instance,
                    host,
                    tenant,
                    name,
                    retention,
                    capture,
                    shutdown,
                    disks,
                    codec,
                    compression,
                    token,
                    placement,
                    storing);
        }
    }
}
