package io.stillframe.internal.engine;

import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Phase;
import io.stillframe.model.Progress;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.InstanceState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
        InstanceState state = preflight.check(id, request);
        String hypervisor = installation.requireHypervisor().uri();
        CatalogRecord record = CatalogRecord.first(
                        requested(id, now, request, state, hypervisor),
                        Optional.of("instance:" + hypervisor + "/" + state.id()),
                        Attributes.ofSnapshot(request, state.definition()))
                .withToken(request.token());
        Job job = jobs.create(record);
        Snapshot snapshot = job.snapshot();
        jobs.capture(job, request);
        return snapshot;
    }

    private Snapshot requested(
            SnapshotId id, Instant now, SnapshotRequest request, InstanceState state, String hypervisor) {
        List<Replica> replicas = installation.regions().stream()
                .map(region -> Replica.pending(region.name(), region.store().uri()))
                .toList();
        return new Snapshot(
                id,
                request.name().orElse(state.name() + " " + now),
                new InstanceSummary(state.id(), state.name(), hypervisor),
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
                Optional.empty());
    }
}
