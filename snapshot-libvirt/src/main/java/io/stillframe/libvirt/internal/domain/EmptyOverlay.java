package io.stillframe.libvirt.internal.domain;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;

/**
 * Writes an empty qcow2 file over a backing file, after QEMU's {@code docs/interop/qcow2.txt}: version 3, clusters of 64 KiB. Written
 * here rather than by the hypervisor, so that the new file is never more readable than the disk that it lies over, names its backing
 * file's format, and never replaces a file.
 */
public final class EmptyOverlay {
    private static final int CLUSTER_BITS = 16;
    private static final int CLUSTER = 1 << CLUSTER_BITS;
    private static final long BYTES_PER_L1_ENTRY = (long) CLUSTER * CLUSTER / Long.BYTES;
    private static final int HEADER = 104;
    private static final int BACKING_FORMAT = 0xE2792ACA;
    private static final int FIXED_CLUSTERS = 3;
    private static final int LONGEST_NAME = 1023;

    private EmptyOverlay() {}

    /**
     * Makes the file, durable when the call returns, with the owner and the permissions of the backing file.
     *
     * @param size virtual size in bytes
     * @param backing absolute path of the backing file
     * @param backingFormat its format
     * @throws SnapshotException CONFLICT if the file exists; UNSUPPORTED if the backing file's name is too long; PERMANENT if it cannot
     *     be made
     */
    public static void create(Path file, long size, Path backing, String backingFormat) {
        byte[] name = backing.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length > LONGEST_NAME) {
            throw SnapshotException.unsupported("the path " + backing + " has " + name.length
                    + " bytes, an overlay can name at most " + LONGEST_NAME);
        }
        ByteBuffer content = content(size, name, backingFormat);
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            likeBacking(file, backing);
            while (content.hasRemaining()) {
                channel.write(content);
            }
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.CONFLICT, "the file " + file + " exists and is not replaced", e);
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot make the overlay " + file + ": " + e, e);
        }
    }

    private static ByteBuffer content(long size, byte[] name, String backingFormat) {
        int l1Entries = Math.toIntExact(size / BYTES_PER_L1_ENTRY + (size % BYTES_PER_L1_ENTRY == 0 ? 0 : 1));
        int l1Clusters = Math.max(1, (l1Entries * Long.BYTES + CLUSTER - 1) / CLUSTER);
        int clusters = FIXED_CLUSTERS + l1Clusters;
        ByteBuffer bytes = ByteBuffer.allocate(clusters * CLUSTER);
        byte[] format = backingFormat.getBytes(StandardCharsets.US_ASCII);
        int nameAt = HEADER + 8 + (format.length + 7) / 8 * 8 + 8;
        header(bytes, size, l1Entries, nameAt, name.length);
        bytes.position(HEADER).putInt(BACKING_FORMAT).putInt(format.length).put(format);
        bytes.position(nameAt).put(name);
        bytes.putLong(CLUSTER, 2L * CLUSTER);
        for (int cluster = 0; cluster < clusters; cluster++) {
            bytes.putShort(2 * CLUSTER + cluster * Short.BYTES, (short) 1);
        }
        return bytes.rewind();
    }

    /** Cluster 0 is this header, 1 the refcount table, 2 the refcount block, the first-level table follows. */
    private static void header(ByteBuffer bytes, long size, int l1Entries, int nameAt, int nameLength) {
        bytes.putInt(0x514649FB).putInt(3);
        bytes.putLong(nameAt).putInt(nameLength);
        bytes.putInt(CLUSTER_BITS).putLong(size);
        bytes.putInt(0);
        bytes.putInt(l1Entries).putLong((long) FIXED_CLUSTERS * CLUSTER);
        bytes.putLong(CLUSTER).putInt(1);
        bytes.putInt(0).putLong(0);
        bytes.putLong(0).putLong(0).putLong(0);
        bytes.putInt(4).putInt(HEADER);
    }

    private static void likeBacking(Path file, Path backing) throws IOException {
        for (String attribute : List.of("unix:uid", "unix:gid")) {
            Object wanted = Files.getAttribute(backing, attribute);
            if (!Files.getAttribute(file, attribute).equals(wanted)) {
                Files.setAttribute(file, attribute, wanted);
            }
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(backing);
        Files.setPosixFilePermissions(file, permissions);
    }
}
