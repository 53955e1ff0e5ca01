package io.stillframe.hypervisor;

import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.ImageLayer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * A directory of instances that are disk-image files at rest, always off: for trying the product out without a hypervisor, and for
 * snapshots of images that nothing runs on. Works on every operating system, without privileges, in pure Java.
 *
 * <p>Each instance is a directory with an {@code instance.json}, whose format is described in {@code
 * docs/formats/image-directory.md}; it can be written by hand or by {@link #importImage}. Formats and backing chains are those that
 * it declares, never found by probing. Launches make new instances with sparse raw disks; they cannot be started, so a launch must
 * ask for {@link io.stillframe.model.LaunchRequest.Start#DEFINED_ONLY}.
 *
 * <p>A held point in time copies nothing: the images must stay as they are until it is released. One that changes is noticed at the
 * next read from the held disk, which throws CONFLICT and names the file.
 *
 * <p>Its URI is {@code images:///directory}. Safe for use by several threads and several processes; holds no files, threads or locks.
 */
public final class ImageDirectoryHypervisor implements Hypervisor {
    static final String SCHEME = "images";

    private final ImageDirectory directory;
    private final HypervisorDriver driver;
    private final DiskCapture capture;

    private ImageDirectoryHypervisor(ImageDirectory directory) {
        this.directory = directory;
        this.driver = new ImageDirectoryDriver(directory);
        this.capture = new AtRestCapture(directory);
    }

    /**
     * Opens a directory.
     *
     * @param directory must exist; may be empty
     * @throws SnapshotException NOT_FOUND if it does not exist
     */
    public static ImageDirectoryHypervisor open(Path directory) {
        return new ImageDirectoryHypervisor(new ImageDirectory(directory));
    }

    @Override
    public String uri() {
        String file = directory.root().toUri().toString();
        String withoutSlash = file.endsWith("/") ? file.substring(0, file.length() - 1) : file;
        return SCHEME + withoutSlash.substring("file".length());
    }

    @Override
    public HypervisorDriver driver() {
        return driver;
    }

    @Override
    public DiskCapture capture() {
        return capture;
    }

    @Override
    public void close() {
        // Holds nothing.
    }

    /**
     * Makes an instance of a disk image. The image stays where it is and is not copied.
     *
     * @param name the instance's name
     * @param image its root disk {@code vda}; a regular file
     * @param format the image's format, a codec's name; the image must not need a backing file
     * @return the new instance's identity
     * @throws SnapshotException CONFLICT if the name is taken; UNSUPPORTED if no codec reads the format or the image needs another
     *     file; CORRUPT if it breaks its format; PERMANENT if it cannot be read
     */
    public InstanceId importImage(String name, Path image, String format) {
        Names.token("a disk image's format", format);
        ImageLayer layer = new ImageLayer(image.toAbsolutePath().normalize().toString(), format);
        ImageDirectory.open(List.of(layer)).close();
        directory.checkNameFree(name);
        UUID id = UUID.randomUUID();
        InstanceFile instance = new InstanceFile(
                new InstanceId(id.toString()),
                name,
                List.of(new InstanceFile.Disk("vda", DiskRole.ROOT, List.of(layer))));
        Path staged = directory.child(".import-" + id);
        try {
            ImageDirectory.writeText(staged.resolve(ImageDirectory.INSTANCE_FILE), instance.toJson());
            directory.publish(staged, name);
        } catch (SnapshotException e) {
            ImageDirectory.remove(staged);
            throw e;
        }
        return instance.id();
    }
}
