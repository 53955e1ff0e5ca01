package io.stillframe.hypervisor;

import io.stillframe.image.ImageChain;
import io.stillframe.model.InstanceId;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.Plugins;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of an image directory. What is new is made under a name that starts with a dot, made durable, and then moved to its own
 * name in one step. Immutable; safe for use by all threads.
 */
final class ImageDirectory {
    static final String INSTANCE_FILE = "instance.json";

    private static final Logger LOG = LoggerFactory.getLogger(ImageDirectory.class);
    private static final long LONGEST_TEXT = 1 << 20;

    private final Path root;

    ImageDirectory(Path root) {
        this.root = root.toAbsolutePath().normalize();
        if (!Files.isDirectory(this.root)) {
            throw SnapshotException.notFound("there is no directory " + this.root + "; make it first");
        }
    }

    Path root() {
        return root;
    }

    /** Where the instance of that name lies or would lie. */
    Path instance(String name) {
        return child(Names.instance(name));
    }

    /** A name in the directory. */
    Path child(String name) {
        try {
            return root.resolve(name);
        } catch (InvalidPathException e) {
            throw new SnapshotException(Kind.INVALID, "'" + name + "' cannot name a file on this operating system", e);
        }
    }

    void checkNameFree(String name) {
        if (Files.exists(instance(name), LinkOption.NOFOLLOW_LINKS)) {
            throw SnapshotException.conflict(
                    instance(name) + " exists already; choose another name than '" + name + "'");
        }
    }

    /** The instance of that identity, else of that name. */
    InstanceFile find(String nameOrId) {
        List<String> names = names();
        for (String name : names) {
            Optional<InstanceFile> found =
                    readIfIntact(name).filter(i -> i.id().value().equals(nameOrId));
            if (found.isPresent()) {
                return found.get();
            }
        }
        if (names.contains(nameOrId)) {
            return read(nameOrId);
        }
        throw SnapshotException.notFound(
                "no instance '" + nameOrId + "' in " + root + "; " + ClosestNames.describe(nameOrId, names));
    }

    InstanceFile find(InstanceId id) {
        InstanceFile found = find(id.value());
        if (!found.id().equals(id)) {
            throw SnapshotException.notFound("no instance of identity " + id + " in " + root);
        }
        return found;
    }

    /** The instance of that name, if its directory exists. */
    Optional<InstanceFile> findByName(String name) {
        return Files.exists(instance(name).resolve(INSTANCE_FILE)) ? Optional.of(read(name)) : Optional.empty();
    }

    private List<String> names() {
        return list(root).stream()
                .filter(path -> Files.isRegularFile(path.resolve(INSTANCE_FILE)))
                .map(path -> path.getFileName().toString())
                .filter(name -> !name.startsWith("."))
                .sorted()
                .toList();
    }

    /** Another instance's broken file must not keep this one from being found. */
    private Optional<InstanceFile> readIfIntact(String name) {
        try {
            return Optional.of(read(name));
        } catch (SnapshotException e) {
            LOG.debug("instance {} is left out: {}", name, e.getMessage());
            return Optional.empty();
        }
    }

    private InstanceFile read(String name) {
        Path file = child(name).resolve(INSTANCE_FILE);
        InstanceFile instance = InstanceFile.parse(readText(file), file.toString());
        if (!instance.name().equals(name)) {
            throw SnapshotException.corrupt(file + " names instance '" + instance.name()
                    + "'; the directory and the field 'name' must be the same");
        }
        return instance;
    }

    /** The layers of a disk with absolute locations. */
    List<ImageLayer> layers(InstanceFile instance, InstanceFile.Disk disk) {
        Path home = instance(instance.name());
        return disk.layers().stream()
                .map(layer -> new ImageLayer(
                        home.resolve(layer.location()).normalize().toString(), layer.format()))
                .toList();
    }

    /**
     * Opens a declared chain; nothing is found by probing.
     *
     * @throws SnapshotException PERMANENT if a file is missing, UNSUPPORTED if no codec reads a declared format: never NOT_FOUND, which
     *     would say that the instance does not exist
     */
    static BlockSource open(List<ImageLayer> layers) {
        layers.forEach(ImageDirectory::checkReadable);
        return ImageChain.open(layers);
    }

    private static void checkReadable(ImageLayer layer) {
        if (!Files.isRegularFile(Path.of(layer.location()))) {
            throw SnapshotException.permanent(
                    "the disk image " + layer.location() + " is missing or no regular file", null);
        }
        try {
            Plugins.codec(layer.format());
        } catch (SnapshotException e) {
            throw new SnapshotException(
                    Kind.UNSUPPORTED, "the declared format of " + layer.location() + ": " + e.getMessage(), e);
        }
    }

    static List<Path> list(Path directory) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException | DirectoryIteratorException e) {
            throw fault("list", directory, e);
        }
        return entries;
    }

    static String readText(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() > LONGEST_TEXT) {
                throw SnapshotException.corrupt(
                        file + " has " + channel.size() + " bytes, at most " + LONGEST_TEXT + " are read");
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
            return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
        } catch (NoSuchFileException e) {
            throw new SnapshotException(Kind.NOT_FOUND, "there is no file " + file, e);
        } catch (IOException e) {
            throw fault("read", file, e);
        }
    }

    /** Writes a new file or replaces one, durably and in one step. */
    static void writeText(Path file, String text) {
        Path partial = file.resolveSibling("." + file.getFileName() + ".partial");
        try {
            Files.createDirectories(directoryOf(file));
            try (FileChannel channel = FileChannel.open(
                    partial,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
            sync(directoryOf(file));
        } catch (IOException e) {
            throw fault("write", file, e);
        }
    }

    /** Gives a finished directory its name, durably. */
    void publish(Path staged, String name) {
        Path target = instance(name);
        try {
            sync(staged);
            Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE);
            sync(root);
        } catch (IOException e) {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                throw new SnapshotException(
                        Kind.CONFLICT,
                        target + " was made by somebody else; choose another name than '" + name + "'",
                        e);
            }
            throw fault("move " + staged + " to", target, e);
        }
    }

    /** Removes a directory with the files in it; directories within are not expected and make it fail. */
    static void remove(Path directory) {
        try {
            for (Path file : list(directory)) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw fault("remove", directory, e);
        }
    }

    static void createDirectories(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw fault("make", directory, e);
        }
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw fault("delete", file, e);
        }
    }

    static SnapshotException fault(String what, Path path, Exception cause) {
        return SnapshotException.permanent("cannot " + what + " " + path + ": " + cause, cause);
    }

    static Path directoryOf(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        if (parent == null) {
            throw SnapshotException.invalid(file + " is a root, not a file in a directory");
        }
        return parent;
    }

    /** Makes new names in a directory durable, where the operating system can. */
    private static void sync(Path directory) throws IOException {
        if (File.separatorChar == '\\') {
            return; // Windows opens no directories.
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
