package io.stillframe.internal.engine;

import io.stillframe.internal.engine.Attributes.Executor;
import io.stillframe.internal.engine.Preflight.Findings;
import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Keep;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.Progress;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.TimeRange;
import io.stillframe.model.VolumeCopy;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.Work;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Lets a request in: checks it, writes its record with the claim on the instance, and starts its job. */
final class Admission {
    private final Installation installation;
    private final Preflight preflight;
    private final Jobs jobs;

    Admission(Installation installation, Preflight preflight, Jobs jobs) {
        this.installation = installation;
        this.preflight = preflight;
        this.jobs = jobs;
    }

    /** A request whose token is known is answered with the snapshot that it asked for before. */
    Snapshot admit(SnapshotRequest request) {
        Optional<Snapshot> before = repeated(request);
        if (before.isPresent()) {
            return before.get();
        }
        try {
            return admitFirst(request);
        } catch (SnapshotException e) {
            // Another node may have been asked at the same time.
            if (e.kind() != Kind.CONFLICT) {
                throw e;
            }
            return repeated(request).orElseThrow(() -> e);
        }
    }

    private Optional<Snapshot> repeated(SnapshotRequest request) {
        Optional<CatalogRecord> known = request.token().flatMap(installation.catalog()::findByToken);
        if (known.isEmpty()) {
            return Optional.empty();
        }
        Snapshot snapshot = known.get().snapshot();
        if (!Attributes.request(known.get()).equals(Optional.of(RequestText.of(request)))) {
            throw SnapshotException.conflict("the idempotency token is that of snapshot " + snapshot.id()
                    + ", which was asked for differently; use another token for another request");
        }
        return Optional.of(jobs.find(snapshot.id()).map(Job::snapshot).orElse(snapshot));
    }

    private Snapshot admitFirst(SnapshotRequest request) {
        Instant now = installation.clock().instant();
        SnapshotId id = SnapshotId.create(now);
        String host = request.host().orElseGet(installation::onlyHost);
        Optional<Findings> findings = observed(id, host, request);
        Optional<InstanceState> state = findings.map(Findings::state);
        Optional<VolumeCopy> volumes = findings.flatMap(Findings::volumes);
        InstanceSummary instance = state.map(s -> new InstanceSummary(s.id(), s.name(), host))
                .orElseGet(() -> new InstanceSummary(new InstanceId(request.instance()), request.instance(), host));
        Placement placement = placed(request, instance, volumes);
        CatalogRecord record = CatalogRecord.first(
                        requested(id, now, request, instance, placement, volumes),
                        Optional.of(claim(instance)),
                        Attributes.ofSnapshot(
                                request,
                                state.map(InstanceState::definition),
                                installation.sharesWork() ? Executor.ANYONE : Executor.ASKED))
                .withWork(Work.WAITS_TO_CAPTURE)
                .withToken(request.token());
        Job job = jobs.create(Preflight.placed(record));
        Snapshot snapshot = job.snapshot();
        jobs.capture(job);
        return snapshot;
    }

    /** What at most one snapshot at a time has: its instance. */
    static String claim(InstanceSummary instance) {
        return "instance:" + instance.hypervisor() + "/" + instance.id();
    }

    /** The instance, unless only other services reach its host: whoever takes the snapshot checks the rest. */
    private Optional<Findings> observed(SnapshotId id, String host, SnapshotRequest request) {
        boolean elsewhere = installation.sharesWork() && !installation.hosts().containsKey(host);
        if (elsewhere) {
            preflight.checkCodec(request);
            return Optional.empty();
        }
        return Optional.of(preflight.check(id, host, request));
    }

    /** To the second; the second one within the same second has a number. */
    private String name(InstanceSummary instance, Instant now) {
        Instant second = now.truncatedTo(ChronoUnit.SECONDS);
        String name = instance.name() + " " + second;
        SnapshotQuery alike = SnapshotQuery.all()
                .withInstance(instance.id().value())
                .withRequested(TimeRange.between(second, second.plusSeconds(1)));
        Set<String> taken = installation.catalog().list(alike, Optional.empty(), 1000).items().stream()
                .map(record -> record.snapshot().name())
                .collect(Collectors.toSet());
        return Stream.iterate(1, number -> number + 1)
                .map(number -> number == 1 ? name : name + " (" + number + ")")
                .filter(candidate -> !taken.contains(candidate))
                .findFirst()
                .orElse(name);
    }

    /**
     * Where it is to be kept, every region by its name; none if it is kept on volumes alone.
     *
     * @throws SnapshotException INVALID for a region that this service does not have, or that a rule does not allow
     */
    private Placement placed(SnapshotRequest request, InstanceSummary instance, Optional<VolumeCopy> volumes) {
        Placement asked = installation.placement(request);
        boolean elsewhere = asked.keep() == Keep.VOLUMES || (volumes.isPresent() && asked.keep() != Keep.BOTH);
        if (elsewhere) {
            return asked.withRegions(List.of());
        }
        List<String> names = asked.regions();
        Placement placed =
                names.isEmpty() ? asked.withRegions(List.of(installation.home().name())) : asked;
        Residency residency = Residency.of(installation.settings().residency(), request.tenant(), instance, placed);
        placed.regions().forEach(name -> residency.require(region(name)));
        boolean home = placed.equals(Placement.in(installation.home().name()));
        return home ? Placement.home() : placed;
    }

    private Region region(String name) {
        try {
            return installation.region(name);
        } catch (SnapshotException e) {
            throw SnapshotException.invalid(String.valueOf(e.getMessage()));
        }
    }

    private Snapshot requested(
            SnapshotId id,
            Instant now,
            SnapshotRequest request,
            InstanceSummary instance,
            Placement placement,
            Optional<VolumeCopy> volumes) {
        long most = placement.keep() == Keep.VOLUMES ? 0 : 1;
        List<Region> regions = placement.regions().isEmpty()
                ? installation.regions().stream().limit(most).toList()
                : placement.regions().stream().map(installation::region).toList();
        List<Replica> replicas = regions.stream()
                .map(region -> Replica.pending(region.name(), region.store().uri()))
                .toList();
        return new Snapshot(
                id,
                request.name().orElseGet(() -> name(instance, now)),
                request.tenant(),
                instance,
                SnapshotStatus.CAPTURING,
                Phase.REQUESTED,
                Progress.none(),
                now,
                Optional.empty(),
                request.retention(),
                Optional.empty(),
                List.of(),
                replicas,
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                placement,
                volumes);
    }
}
