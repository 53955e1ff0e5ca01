package io.stillframe.internal.engine;

import io.stillframe.image.DiskCopy;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.LaunchListener;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.Progress;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.spi.Work;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a new instance of an available snapshot: of clones of its volumes where the host reaches those and no region is asked for, else of
 * disks that are filled. Its plan is journaled as a record of its own before anything is created, so that any
 * process can remove what a dead one has left; every disk's content is verified before the instance is defined.
 */
final class LaunchWorkflow {
    private static final Logger LOG = LoggerFactory.getLogger(LaunchWorkflow.class);

    private static final String RESTORE = "restore-disk";
    private static final String CLONE = "clone-disks";
    /** Journal step: all disks are cloned, or filled and verified; from its intent on the instance may exist and be in use. */
    static final String DEFINE = "define";

    private final Installation installation;
    private final Retries retries;
    private final SnapshotReads reads;
    private final Jobs jobs;

    LaunchWorkflow(Installation installation, Retries retries, SnapshotReads reads, Jobs jobs) {
        this.installation = installation;
        this.retries = retries;
        this.reads = reads;
        this.jobs = jobs;
    }

    /**
     * What is launched, where it is read, and where to.
     *
     * @param volumes what its disks are to be clones of
     */
    private record Source(
            CatalogRecord record,
            List<DiskSnapshot> disks,
            ReadFrom from,
            Hypervisor target,
            Optional<VolumeAccess> volumes) {
        Snapshot snapshot() {
            return record.snapshot();
        }

        HypervisorDriver driver() {
            return target.driver();
        }
    }

    LaunchedInstance run(LaunchRequest request, LaunchListener listener, Cancellation cancellation) {
        CatalogRecord available = reads.available(request.snapshot());
        Snapshot snapshot = available.snapshot();
        List<DiskSnapshot> disks = selected(snapshot, request.disks());
        LaunchSpec spec = new LaunchSpec(
                request.name(),
                Attributes.definition(available),
                sized(disks, request.rootDiskSize()),
                request.start());
        String host = host(request, snapshot);
        Hypervisor hypervisor = installation.requireHypervisor(host);
        if (!hypervisor.driver().features().contains(HypervisorDriver.Feature.LAUNCH)) {
            throw SnapshotException.unsupported("the driver of " + hypervisor.uri() + " cannot launch instances");
        }
        Optional<VolumeAccess> volumes = origin(available, request.readFrom(), host);
        LaunchPlan plan = volumes.map(origin -> plan(hypervisor, spec, origin))
                .orElseGet(() -> hypervisor.driver().planLaunch(spec));
        Job job = journal(snapshot, plan, host);
        try {
            Source source = new Source(available, disks, request.readFrom(), hypervisor, volumes);
            return launch(job, plan, source, listener, cancellation);
        } finally {
            jobs.end(job);
        }
    }

    private String host(LaunchRequest request, Snapshot snapshot) {
        String origin = snapshot.instance().hypervisor();
        return request.host()
                .orElseGet(() -> installation.hosts().containsKey(origin) ? origin : installation.onlyHost());
    }

    /**
     * What a launch on that host is cloned from; empty if it is read and filled.
     *
     * @throws SnapshotException INVALID if a rule of residency may not allow what it would be read for; as {@link SnapshotReads#copies}
     */
    private Optional<VolumeAccess> origin(CatalogRecord available, ReadFrom from, String host) {
        Snapshot snapshot = available.snapshot();
        Optional<VolumeAccess> volumes =
                snapshot.isKeptOnVolumes() && from.region().isEmpty()
                        ? VolumeAccess.reached(installation, available)
                                .filter(access -> access.isReachedBy(installation.requireHypervisor(host)))
                        : Optional.empty();
        if (volumes.isEmpty() && reads.copies(snapshot, from).isEmpty()) {
            requireReadable(available, host);
        }
        return volumes;
    }

    /** Only its volumes have it. */
    private void requireReadable(CatalogRecord available, String host) {
        Snapshot snapshot = available.snapshot();
        if (!host.equals(snapshot.instance().hypervisor())) {
            Residency.of(installation.settings().residency(), snapshot)
                    .requireNone("copied from its volumes to host " + host);
        }
        if (VolumeAccess.reached(installation, available).isEmpty()) {
            throw SnapshotException.unsupported(
                    "snapshot " + snapshot.id()
                            + " is on volumes alone that this service does not reach; use one that does, or copy it to a region");
        }
    }

    private static LaunchPlan plan(Hypervisor hypervisor, LaunchSpec spec, VolumeAccess origin) {
        return hypervisor.volumes().orElseThrow().planClone(spec, origin.kept());
    }

    private LaunchedInstance launch(
            Job job, LaunchPlan plan, Source source, LaunchListener listener, Cancellation cancellation) {
        HypervisorDriver driver = source.driver();
        LaunchedInstance launched;
        try {
            if (source.volumes().isPresent()) {
                cloneDisks(job, plan, source, cancellation);
            } else {
                restore(job, plan, source, listener, cancellation);
            }
            job.record().assureLease();
            job.record().intent(DEFINE, plan.name());
            cancellation.check();
            job.cancellation().check();
            launched = complete(driver, plan, job.cancellation());
        } catch (RuntimeException | Error e) {
            discard(job, plan, driver, e);
            throw e;
        }
        forget(job);
        LOG.info("launched {} from {}", launched.name(), source.snapshot().id());
        return launched;
    }

    private Job journal(Snapshot of, LaunchPlan plan, String hypervisor) {
        SnapshotId id = SnapshotId.create(installation.clock().instant());
        Snapshot launch = new Snapshot(
                id,
                "launch of " + of.id() + " as " + plan.name(),
                of.tenant(),
                new InstanceSummary(of.instance().id(), of.instance().name(), hypervisor),
                SnapshotStatus.QUEUED,
                Phase.TRANSFERRING,
                Progress.none(),
                installation.clock().instant(),
                Optional.empty(),
                of.retention(),
                Optional.empty(),
                List.of(),
                List.of(),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Placement.home(),
                Optional.empty());
        CatalogRecord record = CatalogRecord.first(
                        launch,
                        Optional.of("launch:" + hypervisor + "/" + plan.name()),
                        Attributes.ofLaunch(of.id(), plan))
                .withWork(Work.DUTIES);
        return jobs.create(record);
    }

    /** The call may be made again when its answer was lost. */
    private void cloneDisks(Job job, LaunchPlan plan, Source source, Cancellation cancellation) {
        VolumeSnapshots volumes = source.target().volumes().orElseThrow();
        cancellation.check();
        job.record().assureLease();
        job.record().intent(CLONE, plan.name());
        retries.repeat("cloning the disks of " + plan.name(), job.cancellation(), () -> {
            cancellation.check();
            volumes.cloneDisks(plan);
        });
    }

    private void restore(Job job, LaunchPlan plan, Source source, LaunchListener listener, Cancellation cancellation) {
        List<DiskSnapshot> disks = source.disks();
        long total = disks.stream().mapToLong(DiskSnapshot::bytesRead).sum();
        long done = 0;
        for (DiskSnapshot disk : disks) {
            cancellation.check();
            job.cancellation().check();
            job.record().assureLease();
            job.record().intent(RESTORE, "disk " + disk.device());
            StreamListener progress = new LaunchProgress(listener, disk.device(), total, done, job, cancellation);
            try (BlockSource stored = reads.openDisk(source.record(), disk.device(), source.from());
                    BlockTarget target = source.driver().createDisk(plan, disk.device())) {
                Optional<Digest> content = DiskCopy.run(stored, target, settings(), job.cancellation(), progress);
                requireSame(disk, content);
                target.finish();
            }
            done += disk.bytesRead();
        }
    }

    /** Defines the instance; the call may be made again when its answer was lost. */
    private LaunchedInstance complete(HypervisorDriver driver, LaunchPlan plan, Cancellation cancellation) {
        return retries.repeat("defining " + plan.name(), cancellation, () -> driver.completeLaunch(plan));
    }

    private void discard(Job job, LaunchPlan plan, HypervisorDriver driver, Throwable primary) {
        if (job.record().isFenced()) {
            return;
        }
        try {
            retries.run("removing a launch that failed", new Cancellation(), () -> driver.discardLaunch(plan));
            job.record().remove();
        } catch (RuntimeException | Error e) {
            LOG.error("what launch {} has left could not be removed now, recovery will: {}", plan.name(), e.toString());
            primary.addSuppressed(e);
        }
    }

    /** The launch is complete: its record only served the case that it would not be. */
    private static void forget(Job job) {
        try {
            job.record().remove();
        } catch (RuntimeException e) {
            LOG.warn("the launch is complete, its record stays until recovery removes it: {}", e.getMessage());
        }
    }

    private StreamSettings settings() {
        return StreamSettings.ofDefaults()
                .withThreads(installation.settings().encodersPerTransfer())
                .withMemoryLimit(PartSizes.share(installation.settings()));
    }

    /** Of what was never stored no digest is known: its storage answers for it. */
    private static void requireSame(DiskSnapshot disk, Optional<Digest> content) {
        boolean known = disk.content().isPresent() || disk.object().isPresent();
        if (known && !content.equals(disk.content())) {
            throw SnapshotException.corrupt(
                    "stored disk " + disk.device() + " does not hold what was captured: its digest is "
                            + content.map(Digest::toString).orElse("none") + ", the snapshot's is "
                            + disk.content().map(Digest::toString).orElse("none"));
        }
    }

    private static List<DiskSnapshot> selected(Snapshot snapshot, DiskSelection selection) {
        List<DiskSnapshot> disks = snapshot.disks();
        if (selection instanceof DiskSelection.Devices named) {
            List<String> known = disks.stream().map(DiskSnapshot::device).toList();
            named.devices().stream()
                    .filter(device -> !known.contains(device))
                    .findFirst()
                    .ifPresent(device -> {
                        throw SnapshotException.notFound(
                                "snapshot " + snapshot.id() + " has no disk " + device + ", only " + known);
                    });
            return disks.stream()
                    .filter(disk -> named.devices().contains(disk.device()))
                    .toList();
        }
        if (selection instanceof DiskSelection.All) {
            return disks;
        }
        List<DiskSnapshot> root =
                disks.stream().filter(disk -> disk.role() == DiskRole.ROOT).toList();
        if (root.isEmpty()) {
            throw SnapshotException.notFound(
                    "snapshot " + snapshot.id() + " holds no root disk; name the disks to launch");
        }
        return root;
    }

    private static List<LaunchSpec.Disk> sized(List<DiskSnapshot> disks, OptionalLong rootSize) {
        return disks.stream()
                .map(disk -> new LaunchSpec.Disk(
                        disk.device(),
                        disk.role(),
                        disk.role() == DiskRole.ROOT ? rootSize(disk, rootSize) : disk.virtualSize()))
                .toList();
    }

    private static long rootSize(DiskSnapshot disk, OptionalLong asked) {
        long size = asked.orElse(disk.virtualSize());
        if (size < disk.virtualSize()) {
            throw SnapshotException.invalid("a disk of " + ByteCount.of(size) + " is smaller than the snapshot's disk "
                    + disk.device() + " of " + ByteCount.of(disk.virtualSize())
                    + "; launch it with at least that size");
        }
        return size;
    }
}
