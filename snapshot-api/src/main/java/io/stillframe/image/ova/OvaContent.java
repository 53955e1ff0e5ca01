package io.stillframe.image.ova;

import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What to export.
 *
 * @param machine what the OVA says of the virtual machine
 * @param disks its disks, the one that it boots from first, 1 to 60; stay open
 * @param compression as the {@code vmdk} codec takes it; its default if empty
 * @param created the time that the archive's files carry
 */
public record OvaContent(
        OvaMachine machine, List<BlockSource> disks, Optional<Compression> compression, Instant created) {
    /** Four controllers with 15 places each. */
    private static final int MOST_DISKS = 60;

    public OvaContent {
        disks = List.copyOf(disks);
        if (disks.isEmpty() || disks.size() > MOST_DISKS) {
            throw SnapshotException.invalid("an OVA holds 1 to " + MOST_DISKS + " disks, got " + disks.size());
        }
    }

    /** With the default compression, made now. */
    public static OvaContent of(OvaMachine machine, List<BlockSource> disks) {
        return new OvaContent(machine, disks, Optional.empty(), Instant.now());
    }

    public OvaContent withCompression(Compression value) {
        return new OvaContent(machine, disks, Optional.of(value), created);
    }
}
