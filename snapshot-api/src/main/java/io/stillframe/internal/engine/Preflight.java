package io.stillframe.internal.engine;

import io.stillframe.internal.engine.RegionCalls.Outcome;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Keep;
import io.stillframe.model.Placement;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.VolumeCopy;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.InstanceState.Persistence;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.VolumeSnapshots;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Refuses what cannot become a snapshot while nothing has been touched yet. */
final class Preflight {
    private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);

    private final Installation installation;
    private final Retries retries;
    private final RegionCalls calls;

    Preflight(Installation installation, Retries retries, RegionCalls calls) {
        this.installation = installation;
        this.retries = retries;
        this.calls = calls;
    }

    /**
     * What a request's instance was found to be.
     *
     * @param volumes the copy on volumes that the snapshot is to have
     */
    record Findings(InstanceState state, Optional<VolumeCopy> volumes) {}

    /** Checks everything that can be known of a request without effect. */
    Findings check(SnapshotId id, String host, SnapshotRequest request) {
        ImageCodec codec = codec(request);
        Hypervisor hypervisor = installation.requireHypervisor(host);
        InstanceState state = hypervisor.driver().observe(request.instance());
        requireCapturable(state, request.capture(), hypervisor.driver());
        CapturePlan plan = hypervisor.capture().plan(id, state, request.disks());
        plan.disks().forEach(disk -> requireWriter(codec, request, disk));
        Placement placement = installation.placement(request);
        Optional<VolumeCopy> volumes = hypervisor.volumes().flatMap(storage -> volumes(storage, placement, plan));
        if (placement.keep().needsVolumes()) {
            VolumeAccess.require(installation, host);
        }
        if (volumes.isEmpty() || placement.keep() == Keep.BOTH) {
            installation.home();
        }
        return new Findings(state, volumes);
    }

    /** UNSUPPORTED, naming the disks, if they are to be kept on volumes and some are none. */
    private static Optional<VolumeCopy> volumes(VolumeSnapshots storage, Placement placement, CapturePlan plan) {
        boolean kept = switch (placement.keep()) {
            case STORES -> false;
            case AUTOMATIC -> placement.regions().isEmpty() && storage.canKeep(plan);
            case VOLUMES, BOTH -> !storage.planKeep(plan).disks().isEmpty();
        };
        return Optional.of(VolumeCopy.pending(storage.name())).filter(copy -> kept);
    }

    /** Checks what can be known of a request without its host. */
    void checkCodec(SnapshotRequest request) {
        if (installation.placement(request).keep() != Keep.VOLUMES) {
            installation.home();
        }
        codec(request);
    }

    private static ImageCodec codec(SnapshotRequest request) {
        ImageCodec codec = Plugins.codec(request.codec());
        if (!codec.traits().contains(CodecTrait.WRITE)) {
            throw SnapshotException.unsupported(
                    "codec '" + codec.name() + "' reads only; name another one to store with");
        }
        return codec;
    }

    /**
     * Checks a request that was accepted by a service that does not reach its host.
     *
     * @throws SnapshotException as {@link #check}; CONFLICT if another snapshot is being taken of the same instance
     */
    void identify(Job job, SnapshotRequest request) {
        if (Attributes.isIdentified(job.record().record())) {
            return;
        }
        String host = job.record().snapshot().instance().hypervisor();
        Findings findings =
                retries.call("observing the instance", job.cancellation(), () -> check(job.id(), host, request));
        InstanceState state = findings.state();
        InstanceSummary instance = new InstanceSummary(state.id(), state.name(), host);
        job.record()
                .change(r -> placed(Attributes.withDefinition(r, state.definition())
                                .with(r.snapshot().toBuilder()
                                        .instance(instance)
                                        .volumes(findings.volumes())
                                        .build()))
                        .withClaim(Admission.claim(instance)));
    }

    /** A snapshot that is kept on volumes alone has no copy in a region, and nothing of it is in a store. */
    static CatalogRecord placed(CatalogRecord record) {
        Snapshot snapshot = record.snapshot();
        Placement placement = snapshot.placement();
        boolean volumesAlone = snapshot.volumes().isPresent() || placement.keep() == Keep.VOLUMES;
        if (!volumesAlone || placement.keep() == Keep.BOTH) {
            return record;
        }
        return Attributes.withStore(record, Attributes.StoreState.CLEAN)
                .with(snapshot.toBuilder()
                        .replicas(List.of())
                        .placement(placement.withRegions(List.of()))
                        .build());
    }

    /** INVALID if a region of the snapshot's is not allowed by now, or for what its instance turned out to be. */
    private void requireAllowed(Snapshot snapshot) {
        Residency residency = Residency.of(installation.settings().residency(), snapshot);
        installation.requireReached(snapshot).forEach(residency::require);
    }

    /**
     * Makes sure that some region's store answers and takes uploads, before an instance is shut down for it. Regions that do not are left
     * behind from the beginning.
     */
    void checkStore(Job job) {
        requireAllowed(job.record().snapshot());
        if (job.record().snapshot().volumes().isPresent()) {
            // Regions get their copies later, if at all.
            return;
        }
        Set<Region> untouched = ConcurrentHashMap.newKeySet();
        List<Outcome<Region>> outcomes = calls.run(
                "asking the store",
                installation.requireReached(job.record().snapshot()),
                job.cancellation(),
                region -> {
                    beginProbe(job, region, untouched).close();
                    return region;
                });
        if (outcomes.stream().noneMatch(Outcome::isGood)) {
            if (outcomes.stream().map(Outcome::region).allMatch(untouched::contains)) {
                job.record().change(r -> Attributes.withStore(r, Attributes.StoreState.CLEAN));
            }
            throw RegionCalls.failure(outcomes);
        }
        outcomes.stream().filter(outcome -> !outcome.isGood()).forEach(outcome -> {
            LOG.warn("region {} is left behind: {}", outcome.region(), outcome.why());
            job.record().update(s -> Replicas.with(s, outcome.region(), copy -> copy.behind(outcome.why())));
        });
    }

    /** @param untouched gets a region that certainly did not begin: it has nothing to be cleaned, now or when it answers again */
    private UploadSession beginProbe(Job job, Region region, Set<Region> untouched) {
        ObjectStore store = region.store();
        PartLayout layout = PartLayout.fixed(Math.max(
                installation.settings().partSize(), store.capabilities().smallestPart()));
        try {
            return retries.call(
                    "asking the store",
                    job.cancellation(),
                    () -> store.beginUpload(StoredLayout.probe(job.id()), layout, UploadOptions.ofDefaults()));
        } catch (SnapshotException e) {
            if (e.kind() != Kind.OUTCOME_UNKNOWN) {
                untouched.add(region);
            }
            throw e;
        }
    }

    /** CONFLICT or UNSUPPORTED for an instance that must not be touched in the state that it is in. */
    static void requireCapturable(InstanceState state, CaptureMode mode, HypervisorDriver driver) {
        if (state.power() == PowerState.PAUSED || state.power() == PowerState.SUSPENDED) {
            throw SnapshotException.conflict("instance " + state.name() + " is " + state.power()
                    + " and keeps unwritten data in its memory; resume it or shut it down first");
        }
        if (mode == CaptureMode.LIVE || state.isOff()) {
            return;
        }
        if (state.persistence() == Persistence.TRANSIENT) {
            throw SnapshotException.conflict("instance " + state.name()
                    + " is transient and would vanish when shut down; make it persistent, or capture it live");
        }
        if (!driver.features().contains(HypervisorDriver.Feature.POWER)) {
            throw SnapshotException.unsupported("this hypervisor's driver cannot shut instances down; shut "
                    + state.name() + " down first, or capture it live");
        }
    }

    private static void requireWriter(ImageCodec codec, SnapshotRequest request, CapturePlan.Disk disk) {
        ImageSpec size = ImageSpec.ofSize(disk.virtualSize());
        ImageSpec spec = request.compression().map(size::withCompression).orElse(size);
        try (ImageWriter writer = codec.newWriter(spec)) {
            writer.headLength();
        }
    }
}
