package io.stillframe.catalog;

import io.stillframe.catalog.CatalogState.OpenRecord;
import io.stillframe.internal.catalog.Contender;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.Tenant;
import io.stillframe.spi.Capacity;
import io.stillframe.spi.Lease;
import io.stillframe.spi.RunningWork;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.TurnRequest.Whose;
import io.stillframe.spi.Work;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Whose turn it is among waiting work. For one call, under the catalog's lock. */
final class Turns {
    /** Tenants beyond these are forgotten, and served as if they were new. */
    private static final int REMEMBERED = 10_000;

    private final CatalogState state;
    private final Predicate<Lease> held;
    private final TurnRequest request;
    private final String owner;
    private final Collection<OpenRecord> open;
    private final Capacity capacity;

    Turns(CatalogState state, Predicate<Lease> held, TurnRequest request, Lease wanted) {
        this.state = state;
        this.held = held;
        this.request = request;
        this.owner = wanted.owner();
        this.open = state.unfinished();
        this.capacity = new Capacity(request.limits(), running(state, held, open));
    }

    static List<RunningWork> running(CatalogState state, Predicate<Lease> held) {
        return running(state, held, state.unfinished());
    }

    private static List<RunningWork> running(CatalogState state, Predicate<Lease> held, Collection<OpenRecord> open) {
        return open.stream()
                .filter(record -> record.work() == Work.CAPTURE || record.work() == Work.TRANSFER)
                .filter(record ->
                        state.lease(record.snapshot().id().value()).filter(held).isPresent())
                .map(record -> RunningWork.of(record.work(), record.snapshot()))
                .toList();
    }

    /** The snapshot whose turn it is; its tenant counts as served. */
    Optional<SnapshotId> next() {
        return next(Work.WAITS_TO_CAPTURE).or(() -> next(Work.WAITS_TO_TRANSFER));
    }

    private Optional<SnapshotId> next(Work work) {
        if (!request.work().contains(work)) {
            return Optional.empty();
        }
        Map<Tenant, Snapshot> first = open.stream()
                .filter(record -> record.work() == work && mayBegin(record))
                .map(OpenRecord::snapshot)
                .collect(Collectors.toMap(Snapshot::tenant, s -> s, Turns::earlier));
        if (first.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Long> turns = state.turns();
        Tenant tenant = first.values().stream()
                .map(snapshot -> new Contender(
                        snapshot.tenant(),
                        capacity.runningFor(work.begun(), snapshot.tenant()),
                        turns.getOrDefault(key(work, snapshot.tenant()), 0L),
                        snapshot.requestedAt()))
                .min(Contender.order())
                .orElseThrow()
                .tenant();
        served(turns, key(work, tenant));
        return Optional.ofNullable(first.get(tenant)).map(Snapshot::id);
    }

    private boolean mayBegin(OpenRecord record) {
        RunningWork wanted = RunningWork.of(record.work().begun(), record.snapshot());
        return request.reaches(wanted.host(), wanted.store())
                && capacity.obstacle(wanted).isEmpty()
                && isTheirs(record.snapshot().id());
    }

    private boolean isTheirs(SnapshotId id) {
        Optional<Lease> lease = state.lease(id.value());
        return request.whose() == Whose.OWN
                ? lease.filter(l -> l.owner().equals(owner)).isPresent()
                : lease.filter(held).isEmpty();
    }

    private static Snapshot earlier(Snapshot a, Snapshot b) {
        return Comparator.comparing(Snapshot::requestedAt)
                                .thenComparing(Snapshot::id)
                                .compare(a, b)
                        <= 0
                ? a
                : b;
    }

    private void served(Map<String, Long> turns, String key) {
        long last = turns.values().stream().mapToLong(Long::longValue).max().orElse(0);
        Map<String, Long> changed = new HashMap<>(turns);
        changed.put(key, Math.addExact(last, 1));
        while (changed.size() > REMEMBERED) {
            changed.entrySet().stream()
                    .min(Map.Entry.comparingByValue())
                    .map(Map.Entry::getKey)
                    .ifPresent(changed::remove);
        }
        state.putTurns(changed);
    }

    private static String key(Work work, Tenant tenant) {
        return work.begun() + "/" + tenant;
    }
}
