package io.stillframe.spi;

import io.stillframe.model.ConcurrencyLimits;
import io.stillframe.model.Tenant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What may still begin beside what runs. Immutable.
 *
 * @param limits how much may run at once
 * @param running all that runs
 */
public record Capacity(ConcurrencyLimits limits, List<RunningWork> running) {
    public Capacity {
        running = List.copyOf(running);
    }

    /**
     * Which limit keeps work from beginning.
     *
     * @param work what would begin
     * @return for a person; empty if it may begin
     */
    public Optional<String> obstacle(RunningWork work) {
        String what = work.work() == Work.CAPTURE ? "captures" : "transfers";
        Optional<String> total = full(total(work.work()), of(work.work(), r -> true), what + " run in total");
        Optional<String> host = full(
                perHost(work.work()),
                of(work.work(), r -> r.host().equals(work.host())),
                what + " run on host " + work.host());
        Optional<String> store = full(
                perStore(work.work()),
                of(work.work(), r -> r.store().equals(work.store())),
                what + " run to store " + work.store().orElse("none"));
        return total.or(() -> host).or(() -> store);
    }

    /** Whether that much of this kind may run in total, and runs. */
    public boolean isFull(Work work) {
        return full(total(work), of(work, r -> true), "").isPresent();
    }

    /** Hosts on which no more of this kind may begin. */
    public Set<String> fullHosts(Work work) {
        return crowded(work, perHost(work), r -> Optional.of(r.host()));
    }

    /** Stores to which no more of this kind may begin. */
    public Set<String> fullStores(Work work) {
        return crowded(work, perStore(work), RunningWork::store);
    }

    /** How much of this kind runs for a tenant. */
    public long runningFor(Work work, Tenant tenant) {
        return of(work, r -> r.tenant().equals(tenant));
    }

    private Set<String> crowded(Work work, OptionalInt most, Function<RunningWork, Optional<String>> place) {
        if (most.isEmpty()) {
            return Set.of();
        }
        return running.stream()
                .filter(r -> r.work() == work)
                .flatMap(r -> place.apply(r).stream())
                .collect(Collectors.groupingBy(p -> p, Collectors.counting()))
                .entrySet()
                .stream()
                .filter(entry -> entry.getValue() >= most.getAsInt())
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    private long of(Work work, Predicate<RunningWork> which) {
        return running.stream().filter(r -> r.work() == work).filter(which).count();
    }

    private OptionalInt total(Work work) {
        return work == Work.CAPTURE ? limits.captures() : limits.transfers();
    }

    private OptionalInt perHost(Work work) {
        return work == Work.CAPTURE ? limits.capturesPerHost() : limits.transfersPerHost();
    }

    private OptionalInt perStore(Work work) {
        return work == Work.CAPTURE ? OptionalInt.empty() : limits.transfersPerStore();
    }

    private static Optional<String> full(OptionalInt most, long count, String where) {
        return most.isPresent() && count >= most.getAsInt()
                ? Optional.of(count + " of " + most.getAsInt() + " " + where)
                : Optional.empty();
    }
}
