package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.internal.domain.RbdVolume;
import java.nio.file.Path;
import java.util.Optional;

/** Where a new disk lies. */
sealed interface DiskPlace {
    /** In words, for people and for the new instance's description. */
    String location();

    /**
     * In a file.
     *
     * @param path absolute
     */
    record InFile(Path path) implements DiskPlace {
        @Override
        public String location() {
            return path.toString();
        }
    }

    /**
     * On a volume of Ceph.
     *
     * @param volume the new volume
     * @param origin what it begins as; as zeros, to be filled, if empty
     */
    record OnVolume(RbdVolume volume, Optional<Origin> origin) implements DiskPlace {
        @Override
        public String location() {
            return volume.location();
        }
    }

    /** A protected snapshot of a volume. */
    record Origin(RbdVolume volume, String snapshot) {}
}
