package io.stillframe.internal.file;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Small files whose changes are durable and whole when a call returns. An interrupt neither stops nor breaks a call: journals are
 * written on threads that are being stopped. Stateless.
 */
public final class DurableFiles {
    private static final boolean WINDOWS =
            FileSystems.getDefault().getSeparator().equals("\\");

    private DurableFiles() {}

    /**
     * Replaces a file's content atomically: readers see the old or the new one.
     *
     * @param temporary a name in the same directory that nobody else uses now; whatever is there is overwritten
     */
    public static void replace(Path file, Path temporary, byte[] content) throws IOException {
        try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
            out.write(content);
            out.getFD().sync();
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        syncDirectory(parent(file));
    }

    /** Writes a file that need not outlast a crash of the machine. */
    public static void write(Path file, byte[] content) throws IOException {
        try (FileOutputStream out = new FileOutputStream(file.toFile())) {
            out.write(content);
        }
    }

    /** Cuts or extends a file to {@code length} and writes {@code content} behind it. */
    public static void append(Path file, long length, byte[] content) throws IOException {
        boolean created = Files.notExists(file);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(length);
            out.seek(length);
            out.write(content);
            out.getFD().sync();
        }
        if (created) {
            syncDirectory(parent(file));
        }
    }

    /**
     * A file's content.
     *
     * @param limit most bytes that are read; a longer file fails with an IOException
     */
    public static byte[] read(Path file, int limit) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            Optional<byte[]> content = readUnlessInterrupted(file, limit);
            while (content.isEmpty()) {
                interrupted |= Thread.interrupted();
                content = readUnlessInterrupted(file, limit);
            }
            return content.get();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** By a channel, although interrupts end it: only that tells a missing file from one that cannot be opened in the same moment. */
    private static Optional<byte[]> readUnlessInterrupted(Path file, int limit) throws IOException {
        try (InputStream in = Channels.newInputStream(FileChannel.open(file, StandardOpenOption.READ))) {
            byte[] content = in.readNBytes(limit);
            if (content.length == limit && in.read() >= 0) {
                throw new IOException(file.getFileName() + " is longer than " + limit + " bytes");
            }
            return Optional.of(content);
        } catch (ClosedByInterruptException e) {
            return Optional.empty();
        }
    }

    /** What a directory holds, in no order. */
    public static List<Path> entries(Path directory) throws IOException {
        List<Path> result = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            entries.forEach(result::add);
            return result;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** Removes a file if it exists. */
    public static void delete(Path file) throws IOException {
        if (Files.deleteIfExists(file)) {
            syncDirectory(parent(file));
        }
    }

    /**
     * Creates a directory and what is above it. Others than the owner get no access to a directory that is made here: disks and what
     * is known of instances lie in it.
     */
    public static void createPrivateDirectories(Path directory) throws IOException {
        Files.createDirectories(directory, ownerOnly());
    }

    /** Creates one directory unless it exists, and makes its name durable. A symbolic link is no directory here. */
    public static void createDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
            syncDirectory(parent(directory));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
        }
    }

    /** Makes the names in a directory durable. On Windows, which keeps them durable by itself, does nothing. */
    public static void syncDirectory(Path directory) throws IOException {
        if (WINDOWS) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            while (!forced(directory)) {
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Makes a file's content and metadata durable. */
    public static void sync(Path file) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.getFD().sync();
        }
    }

    private static boolean forced(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
            return true;
        } catch (ClosedByInterruptException e) {
            return false;
        }
    }

    private static FileAttribute<?>[] ownerOnly() {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    private static Path parent(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of("").toAbsolutePath() : parent;
    }
}
