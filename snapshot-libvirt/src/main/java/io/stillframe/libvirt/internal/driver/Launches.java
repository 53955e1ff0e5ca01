package io.stillframe.libvirt.internal.driver;

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
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.libvirt.Domain;

/**
 * Makes new domains. Every file and volume of a launch carries eight random digits of its plan in its name, so that repeating or undoing a launch
 * can never touch a file of somebody else; a domain of a launch that is not complete carries a mark in its metadata.
 */
final class Launches {
    private static final SecureRandom RANDOM = new SecureRandom();

    /** {@code VIR_DOMAIN_UNDEFINE_NVRAM}, which libvirt-java lacks. */
    private static final int UNDEFINE_NVRAM = 1 << 2;

    private final LibvirtSession session;
    private final NewDisks newDisks;

    Launches(LibvirtSession session, NewDisks newDisks) {
        this.session = session;
        this.newDisks = newDisks;
    }

    /** Plans disks that are to be filled. */
    LaunchPlan plan(LaunchSpec spec) {
        return plan(spec, (nonce, disk, original) -> newDisks.place(spec.name(), nonce, disk, original));
    }

    /** Plans disks that are clones. */
    LaunchPlan planClones(LaunchSpec spec, Function<String, DiskPlace.Origin> originOf) {
        return plan(
                spec,
                (nonce, disk, original) ->
                        newDisks.placeClone(spec.name(), nonce, disk, originOf.apply(disk.device())));
    }

    private interface Placing {
        PlannedLaunch.Disk place(String nonce, LaunchSpec.Disk disk, DomainDisk original);
    }

    private LaunchPlan plan(LaunchSpec spec, Placing placing) {
        requireFree(spec.name());
        DomainDefinition definition = DomainDefinition.parse(spec.definition());
        String nonce = nonce();
        Map<String, PlannedLaunch.Disk> disks = new LinkedHashMap<>();
        for (LaunchSpec.Disk disk : spec.disks()) {
            disks.put(disk.device(), placing.place(nonce, disk, original(definition, disk.device())));
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
                newDisks.logDirectory(disks.values().iterator().next()),
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
        return newDisks.create(disk);
    }

    /** Makes all disks of a plan for clones. */
    void cloneDisks(LaunchPlan plan) {
        PlannedLaunch launch = PlannedLaunch.of(plan);
        if (!exists(launch)) {
            launch.disks().forEach(newDisks::cloneOrigin);
        }
    }

    LaunchedInstance complete(LaunchPlan plan) {
        PlannedLaunch launch = PlannedLaunch.of(plan);
        InstanceId id = new InstanceId(launch.uuid());
        if (!exists(launch)) {
            requireFree(launch.name());
            launch.disks().forEach(disk -> newDisks.requireFilled(launch.name(), disk));
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
                                disk.device(), disk.place().location(), disk.format(), disk.size()))
                        .toList());
    }

    void discard(LaunchPlan plan) {
        PlannedLaunch launch = PlannedLaunch.of(plan);
        if (exists(launch) && !undefinePending(new InstanceId(launch.uuid()), launch.name())) {
            return;
        }
        launch.disks().forEach(newDisks::remove);
        launch.logs().forEach(NewDisks::remove);
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

    private static String nonce() {
        byte[] random = new byte[4];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }
}
