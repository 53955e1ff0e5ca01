package io.stillframe.model;

import java.util.Optional;

/**
 * What snapshot is asked for. Immutable; made by {@link #of(String)} and {@code with…}, validated when built.
 *
 * @param instance the instance's name or identity on its hypervisor
 * @param name the snapshot's name; by default the instance's name and the time of the request
 * @param retention how long it is kept after completion
 * @param capture shutdown or live
 * @param shutdown the shutdown policy; used by a shutdown capture
 * @param disks which disks, as one consistent set
 * @param codec name of the {@code ImageCodec} that the disks are stored with
 * @param compression algorithm and level; the codec's default if empty
 */
public record SnapshotRequest(
        String instance,
        Optional<String> name,
        Retention retention,
        CaptureMode capture,
        ShutdownPolicy shutdown,
        DiskSelection disks,
        String codec,
        Optional<Compression> compression) {
    /** The codec used unless another is asked for. */
    public static final String DEFAULT_CODEC = "pack";

    public SnapshotRequest {
        Names.instance(instance);
        name.ifPresent(n -> Names.label("a snapshot's name", n));
        Names.token("a codec's name", codec);
    }

    /** All disks of the instance, by shutdown, kept for ever, with every default. */
    public static SnapshotRequest of(String instance) {
        return new SnapshotRequest(
                instance,
                Optional.empty(),
                Retention.forEver(),
                CaptureMode.SHUTDOWN,
                ShutdownPolicy.ofDefaults(),
                DiskSelection.all(),
                DEFAULT_CODEC,
                Optional.empty());
    }

    public SnapshotRequest withName(String value) {
        return new SnapshotRequest(
                instance, Optional.of(value), retention, capture, shutdown, disks, codec, compression);
    }

    /** Days to keep it after completion, 0 for ever. */
    public SnapshotRequest withRetentionDays(int days) {
        return new SnapshotRequest(
                instance, name, Retention.ofDays(days), capture, shutdown, disks, codec, compression);
    }

    public SnapshotRequest withCapture(CaptureMode value) {
        return new SnapshotRequest(instance, name, retention, value, shutdown, disks, codec, compression);
    }

    public SnapshotRequest withShutdown(ShutdownPolicy value) {
        return new SnapshotRequest(instance, name, retention, capture, value, disks, codec, compression);
    }

    public SnapshotRequest withDisks(DiskSelection value) {
        return new SnapshotRequest(instance, name, retention, capture, shutdown, value, codec, compression);
    }

    public SnapshotRequest withCodec(String value) {
        return new SnapshotRequest(instance, name, retention, capture, shutdown, disks, value, compression);
    }

    public SnapshotRequest withCompression(Compression value) {
        return new SnapshotRequest(instance, name, retention, capture, shutdown, disks, codec, Optional.of(value));
    }
}
