package io.stillframe.libvirt.internal.domain;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The head of a qcow2 file, as QEMU's {@code docs/interop/qcow2.txt} ("Header", "Header extensions") describes it: what the chain of a
 * stopped instance is read from. Only for files that the hypervisor declares as qcow2.
 *
 * @param virtualSize bytes as the guest sees them
 * @param backingFile name of the file below as it stands there, if there is one
 * @param backingFormat declared format of the file below
 * @param encrypted whether its clusters are encrypted
 * @param externalData whether its data lies in another file
 * @param l1Entries entries of the first-level table
 * @param l1Offset where that table lies
 */
public record Qcow2Header(
        long virtualSize,
        Optional<String> backingFile,
        Optional<String> backingFormat,
        boolean encrypted,
        boolean externalData,
        int l1Entries,
        long l1Offset) {
    private static final int MAGIC = 0x514649FB;
    private static final int VERSION_2_LENGTH = 72;
    private static final int BACKING_FORMAT = 0xE2792ACA;
    private static final int LONGEST_NAME = 1023;
    private static final int LARGEST_L1 = 4 << 20;
    private static final long EXTERNAL_DATA = 1 << 2;
    private static final int READ = 1 << 16;

    /**
     * Reads a file's head.
     *
     * @throws SnapshotException CORRUPT if it is no sound qcow2 head; PERMANENT if it cannot be read
     */
    public static Qcow2Header read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return parse(file, readAt(channel, 0, READ));
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot read the head of " + file + ": " + reason(e), e);
        }
    }

    /**
     * Whether no cluster was ever written to it: every entry of the first-level table is zero.
     *
     * @throws SnapshotException CORRUPT, PERMANENT as {@link #read}
     */
    public static boolean holdsNothing(Path file) {
        Qcow2Header header = read(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer table = readAt(channel, header.l1Offset, header.l1Entries * Long.BYTES);
            require(table.remaining() == header.l1Entries * Long.BYTES, file, "its first-level table is cut off");
            while (table.hasRemaining()) {
                if (table.getLong() != 0) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot read the tables of " + file + ": " + reason(e), e);
        }
    }

    private static Qcow2Header parse(Path file, ByteBuffer head) {
        require(head.remaining() >= VERSION_2_LENGTH && head.getInt(0) == MAGIC, file, "it does not begin as one");
        int version = head.getInt(4);
        require(version == 2 || version == 3, file, "version " + version + " is not 2 or 3");
        int length = version == 2 ? VERSION_2_LENGTH : headerLength(file, head);
        long features = version == 2 ? 0 : head.getLong(72);
        int l1Entries = head.getInt(36);
        long l1Offset = head.getLong(40);
        require(l1Entries >= 0 && l1Entries <= LARGEST_L1 && l1Offset >= 0, file, "its first-level table is too large");
        require(head.getLong(24) >= 0, file, "its size is over 2^63 bytes");
        return new Qcow2Header(
                head.getLong(24),
                backingFile(file, head),
                backingFormat(file, head, length),
                head.getInt(32) != 0,
                (features & EXTERNAL_DATA) != 0,
                l1Entries,
                l1Offset);
    }

    private static int headerLength(Path file, ByteBuffer head) {
        require(head.remaining() >= 104, file, "its head is cut off");
        int length = head.getInt(100);
        require(length >= 104 && length <= head.remaining(), file, "a head of " + length + " bytes does not fit");
        return length;
    }

    private static Optional<String> backingFile(Path file, ByteBuffer head) {
        long offset = head.getLong(8);
        int length = head.getInt(16);
        if (offset == 0 || length == 0) {
            return Optional.empty();
        }
        require(
                length > 0 && length <= LONGEST_NAME && offset > 0 && offset <= head.remaining() - length,
                file,
                "the name of its backing file does not fit");
        return Optional.of(text(head, (int) offset, length));
    }

    private static Optional<String> backingFormat(Path file, ByteBuffer head, int start) {
        int at = start;
        while (at + 8 <= head.remaining()) {
            int type = head.getInt(at);
            int length = head.getInt(at + 4);
            if (type == 0) {
                return Optional.empty();
            }
            require(length >= 0 && length <= head.remaining() - at - 8, file, "a header extension does not fit");
            if (type == BACKING_FORMAT) {
                return Optional.of(text(head, at + 8, length));
            }
            at += 8 + (length + 7) / 8 * 8;
        }
        return Optional.empty();
    }

    private static String text(ByteBuffer head, int offset, int length) {
        byte[] bytes = new byte[length];
        head.get(offset, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static ByteBuffer readAt(FileChannel channel, long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
            // goes on until the buffer is full or the file ends
        }
        return bytes.flip();
    }

    private static void require(boolean sound, Path file, String fault) {
        if (!sound) {
            throw SnapshotException.corrupt(file + " is declared as qcow2, but " + fault);
        }
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }
}
