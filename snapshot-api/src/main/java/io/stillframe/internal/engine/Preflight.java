package io.stillframe.internal.engine;

import io.stillframe.internal.engine.RegionCalls.Outcome;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.spi.CapturePlan;
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
import java.util.List;
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
     * Checks everything that can be known of a request without effect.
     *
     * @return the instance as it was found
     */
    InstanceState check(SnapshotId id, String host, SnapshotRequest request) {
        ImageCodec codec = checkCodec(request);
        Hypervisor hypervisor = installation.requireHypervisor(host);
        InstanceState state = hypervisor.driver().observe(request.instance());
        requireCapturable(state, request.capture(), hypervisor.driver());
        CapturePlan plan = hypervisor.capture().plan(id, state, request.disks());
        plan.disks().forEach(disk -> requireWriter(codec, request, disk));
        return state;
    }

    /** Checks what can be known of a request without its host. */
    ImageCodec checkCodec(SnapshotRequest request) {
        installation.home();
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
        InstanceState state =
                retries.call("observing the instance", job.cancellation(), () -> check(job.id(), host, request));
        InstanceSummary instance = new InstanceSummary(state.id(), state.name(), host);
        job.record()
                .change(r -> Attributes.withDefinition(r, state.definition())
                        .with(r.snapshot().toBuilder().instance(instance).build())
                        .withClaim(Admission.claim(instance)));
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
