package io.stillframe.libvirt.internal.driver;

import io.stillframe.image.Qcow2FileTarget;
import io.stillframe.image.RawFileTarget;
import io.stillframe.libvirt.internal.connection.DomainHandle;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtFailure;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.model.InstanceId;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.libvirt.Domain;

/**
 * Makes new domains. Every file of a launch carries eight random digits of its plan in its name, so that repeating or undoing a launch
 * can never touch a file of somebody else; a domain of a launch that is not complete carries a mark in its metadata.
 */
final class Launches {
    private static final SecureRandom RANDOM = new SecureRandom();

    /** {@code VIR_DOMAIN_UNDEFINE_NVRAM}, which libvirt-java lacks. */
    private static final int UNDEFINE_NVRAM = 1 << 2;

    private final LibvirtSession session;
    private final Optional<Path> diskDirectory;

    Launches(LibvirtSession session, Optional<Path> diskDirectory) {
        this.session = session;
        this.diskDirectory = diskDirectory;
    }

    LaunchPlan plan(LaunchSpec spec) {
        requireFree(spec.name());
        DomainDefinition definition = DomainDefinition.parse(spec.definition());
        String nonce = nonce();
        Map<String, PlannedLaunch.Disk> disks = new LinkedHashMap<>();
        for (LaunchSpec.Disk disk : spec.disks()) {
            disks.put(disk.device(), place(spec.name(), nonce, disk, original(definition, disk.device())));
        }
        if (disks.isEmpty()) {
            throw SnapshotException.invalid("a launch needs at least one disk");
        }
        String uuid = UUID.randomUUID().toString();
        LaunchDefinition.Result result = LaunchDefinition.transform(
                definition,
                spec.name(),
                uuid,
                nonce,
                disks,
                parent(disks.values().iterator().next().path()),
                spec.start() == LaunchRequest.Start.STARTED);
        return new PlannedLaunch(
                        spec.name(), uuid, spec.start(), result.xml(), List.copyOf(disks.values()), result.logs())
                .toPlan();
    }

    BlockTarget createDisk(LaunchPlan plan, String device) {
        PlannedLaunch.Disk disk = PlannedLaunch.of(plan).disks().stream()
                .filter(each -> each.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("the launch of " + plan.name() + " has no disk " + device
                        + "; it has "
                        + PlannedLaunch.of(plan).disks().stream()
                                .map(PlannedLaunch.Disk::device)
                                .toList()));
        remove(disk.path());
        BlockTarget target = disk.format().equals("qcow2")
                ? Qcow2FileTarget.create(disk.path(), disk.size())
                : RawFileTarget.create(disk.path(), disk.size());
        try {
            Files.setPosixFilePermissions(disk.path(), PosixFilePermissions.fromString("rw-------"));
            return target;
        } catch (IOException e) {
            target.close();
            throw SnapshotException.permanent("cannot keep " + disk.path() + " from being read by others: " + e, e);
        }
    }

    LaunchedInstance complete(LaunchPlan plan) {
        PlannedLaunch launch = PlannedLaunch.of(plan);
        InstanceId id = new InstanceId(launch.uuid());
        if (!exists(launch)) {
            requireFree(launch.name());
            requireFilled(launch);
            session.define(launch.xml(), "define " + launch.name());
        }
        if (launch.start() == LaunchRequest.Start.STARTED) {
            session.change(id, "start " + launch.name(), Launches::startPending);
        }
        return new LaunchedInstance(
                id,
                launch.name(),
                launch.disks().stream()
                        .map(disk -> new LaunchedInstance.Disk(
                                disk.device(), disk.path().toString(), disk.format(), disk.size()))
                        .toList());
    }

    void discard(LaunchPlan plan) {
        PlannedLaunch launch = PlannedLaunch.of(plan);
        if (exists(launch) && !undefinePending(new InstanceId(launch.uuid()), launch.name())) {
            return;
        }
        launch.disks().forEach(disk -> remove(disk.path()));
        launch.logs().forEach(Launches::remove);
    }

    // ---- the domain ----

    private boolean exists(PlannedLaunch launch) {
        return session.resolve(launch.uuid())
                .filter(found -> found.value().equals(launch.uuid()))
                .isPresent();
    }

    private void requireFree(String name) {
        session.resolve(name).ifPresent(taken -> {
            throw SnapshotException.conflict(
                    "the name " + name + " is taken by instance " + taken + "; choose another one");
        });
    }

    /** Starts a domain whose launch is pending, and takes its mark off. Without the mark the launch was complete before. */
    private static void startPending(DomainHandle domain) throws LibvirtFailure {
        if (!LaunchDefinition.isPending(domain.xml(Domain.XMLFlags.INACTIVE))) {
            return;
        }
        if (!domain.isActive()) {
            domain.create(Domain.CreateFlags.NONE);
        }
        domain.removeMetadata(LaunchDefinition.MARK_NAMESPACE);
    }

    /** Removes the domain if its launch is not complete, and says whether that was so. */
    private boolean undefinePending(InstanceId id, String name) {
        return session.onDomain(id, "remove " + name, Effect.CHANGE, domain -> {
            if (!LaunchDefinition.isPending(domain.xml(Domain.XMLFlags.INACTIVE))) {
                return false;
            }
            if (domain.isActive()) {
                domain.destroy();
            }
            domain.undefine(
                    Domain.UndefineFlags.MANAGED_SAVE | Domain.UndefineFlags.SNAPSHOTS_METADATA | UNDEFINE_NVRAM);
            return true;
        });
    }

    // ---- disks ----

    private static DomainDisk original(DomainDefinition definition, String device) {
        return definition
                .disk(device)
                .orElseThrow(() -> SnapshotException.notFound("the definition has no disk " + device + "; it has "
                        + definition.disks().stream().map(DomainDisk::device).toList()));
    }

    private PlannedLaunch.Disk place(String name, String nonce, LaunchSpec.Disk disk, DomainDisk original) {
        Path directory = diskDirectory
                .or(() -> original.path()
                        .filter(path -> original.type().equals("file"))
                        .map(Launches::parent))
                .orElseThrow(() -> SnapshotException.unsupported("the original of disk " + disk.device()
                        + " is no local file; say where new disks go with the option disk-directory"));
        if (!Files.isDirectory(directory)) {
            throw SnapshotException.invalid("the directory " + directory + " for disk " + disk.device()
                    + " does not exist; make it or name another one with the option disk-directory");
        }
        String format = original.format().equals("qcow2") ? "qcow2" : "raw";
        Path path = directory.resolve(name + "-" + disk.device() + "." + nonce + "." + format);
        return new PlannedLaunch.Disk(disk.device(), path, format, disk.size());
    }

    private static void requireFilled(PlannedLaunch launch) {
        for (PlannedLaunch.Disk disk : launch.disks()) {
            if (!Files.isRegularFile(disk.path())) {
                throw SnapshotException.notFound(
                        "disk " + disk.device() + " of " + launch.name() + " was not created at " + disk.path());
            }
        }
    }

    private static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw SnapshotException.permanent("cannot remove " + path + ": " + e, e);
        }
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? Path.of("/") : parent;
    }

    private static String nonce() {
        byte[] random = new byte[4];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }
}
