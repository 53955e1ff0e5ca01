package io.stillframe.model;

import java.util.List;
import java.util.Optional;

/**
 * One disk of a snapshot.
 *
 * @param device the disk's name on its instance, e.g. {@code vda}
 * @param role root or data
 * @param sourceFormat the declared format it was captured from, e.g. {@code qcow2}
 * @param virtualSize bytes as the guest sees them; the smallest disk it can be launched on
 * @param codec the {@code ImageCodec} it is stored with
 * @param object key of the stored object in each region's store; empty until the object is complete
 * @param bytesRead bytes of data read from the disk; holes and known zeros are not read
 * @param bytesStored the stored object's length in bytes
 * @param content digest of what the guest sees; empty until the object is complete
 * @param stored checksum of the stored object; empty until the object is complete
 * @param volume the snapshot of the volume, as its storage names it; empty unless the disk is kept there
 * @param older what the stored object points into beside itself, or will while it is being stored; empty if the disk is stored whole
 */
public record DiskSnapshot(
        String device,
        DiskRole role,
        String sourceFormat,
        long virtualSize,
        String codec,
        Optional<String> object,
        long bytesRead,
        long bytesStored,
        Optional<Digest> content,
        Optional<Digest> stored,
        Optional<String> volume,
        List<OlderObject> older) {
    public DiskSnapshot {
        older = List.copyOf(older);
        if (virtualSize < 0 || bytesRead < 0 || bytesStored < 0) {
            throw SnapshotException.invalid("sizes of disk " + device + " must not be negative: virtual " + virtualSize
                    + ", read " + bytesRead + ", stored " + bytesStored);
        }
    }

    /** The same disk, of which no object is stored. */
    public DiskSnapshot unstored() {
        return new DiskSnapshot(
                device,
                role,
                sourceFormat,
                virtualSize,
                codec,
                Optional.empty(),
                0,
                0,
                Optional.empty(),
                Optional.empty(),
                volume,
                List.of());
    }

    /** The same disk, kept as that snapshot of its volume, or not kept on a volume. */
    public DiskSnapshot withVolume(Optional<String> value) {
        return new DiskSnapshot(
                device,
                role,
                sourceFormat,
                virtualSize,
                codec,
                object,
                bytesRead,
                bytesStored,
                content,
                stored,
                value,
                older);
    }

    /** The same disk, whose stored object points into these. */
    public DiskSnapshot withOlder(List<OlderObject> value) {
        return new DiskSnapshot(
                device,
                role,
                sourceFormat,
                virtualSize,
                codec,
                object,
                bytesRead,
                bytesStored,
                content,
                stored,
                volume,
                value);
    }
}
