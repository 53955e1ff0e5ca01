package io.stillframe.internal.engine;

import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The regions that one transfer sends to, home first. One that fails or is too slow is left behind: its copy is {@code BEHIND} from then
 * on, and the transfer goes on as long as there is another one. Safe for use by several threads.
 */
final class Destinations {
    private static final Logger LOG = LoggerFactory.getLogger(Destinations.class);

    private final RegionCalls calls;
    private final Job job;
    private final List<Region> going;
    private final Map<Region, String> left = new LinkedHashMap<>();

    private Destinations(RegionCalls calls, Job job, List<Region> going) {
        this.calls = calls;
        this.job = job;
        this.going = new ArrayList<>(going);
    }

    /**
     * Of a transfer that begins, or goes on: what was left behind before stays so, as long as another region is left.
     *
     * @throws SnapshotException UNSUPPORTED if this service reaches none of the snapshot's regions
     */
    static Destinations of(Installation installation, RegionCalls calls, Job job) {
        Snapshot snapshot = job.record().snapshot();
        installation.requireReached(snapshot);
        Residency residency = Residency.of(installation.settings().residency(), snapshot);
        List<Region> allowed = installation.reached(snapshot).stream()
                .filter(residency::allows)
                .toList();
        if (allowed.isEmpty()) {
            residency.require(installation.reached(snapshot).get(0));
        }
        List<Region> ahead = allowed.stream()
                .filter(region -> Replicas.in(region, snapshot)
                        .filter(replica -> replica.state() == Replica.State.BEHIND)
                        .isEmpty())
                .toList();
        return new Destinations(calls, job, ahead.isEmpty() ? allowed : ahead);
    }

    /** Of a transfer to one region of a snapshot that is whole elsewhere. */
    static Destinations only(RegionCalls calls, Job job, Region region) {
        return new Destinations(calls, job, List.of(region));
    }

    /** Makes the record say so. */
    void begin(Installation installation) {
        List<Region> sentTo = going();
        job.record().update(s -> {
            List<Replica> replicas = installation.replicas(s).stream()
                    .map(replica -> begun(sentTo, replica))
                    .toList();
            return s.toBuilder().phase(Phase.TRANSFERRING).replicas(replicas).build();
        });
    }

    private static Replica begun(List<Region> sentTo, Replica replica) {
        if (sentTo.stream().anyMatch(region -> region.holds(replica))) {
            return replica.transferring();
        }
        return replica.state() == Replica.State.BEHIND
                ? replica
                : replica.behind("the service that stores the snapshot does not reach the region, or may not");
    }

    synchronized List<Region> going() {
        return List.copyOf(going);
    }

    /** Whether it is still sent to. */
    synchronized boolean isGoing(Region region) {
        return going.contains(region);
    }

    /**
     * Makes a call in each region that is sent to; those that fail are left behind.
     *
     * @return of those that are still sent to, at least one
     * @throws SnapshotException the first one's failure if all fail
     */
    <T> Map<Region, T> each(String what, Function<Region, T> call, Consumer<T> ifLate) {
        return values(calls.run(what, going(), job.cancellation(), inContext(call), ifLate));
    }

    /** The same, of what should not come late: the slowest region is waited for until that limit. */
    <T> Map<Region, T> eachWithin(Duration limit, String what, Function<Region, T> call) {
        return values(calls.runWithin(limit, what, going(), job.cancellation(), inContext(call)));
    }

    private <T> Map<Region, T> values(List<RegionCalls.Outcome<T>> outcomes) {
        if (outcomes.stream().noneMatch(RegionCalls.Outcome::isGood)) {
            throw RegionCalls.failure(outcomes);
        }
        job.cancellation().check();
        Map<Region, T> values = new LinkedHashMap<>();
        for (RegionCalls.Outcome<T> outcome : outcomes) {
            outcome.value().ifPresent(value -> values.put(outcome.region(), value));
            outcome.failure().ifPresent(e -> leaveBehind(outcome.region(), RegionCalls.reason(e)));
        }
        return values;
    }

    <T> Map<Region, T> each(String what, Function<Region, T> call) {
        return each(what, call, late -> {});
    }

    private <T> Function<Region, T> inContext(Function<Region, T> call) {
        return region -> {
            List<T> result = new ArrayList<>();
            job.inContext(() -> result.add(call.apply(region)));
            return result.get(0);
        };
    }

    /** Sends nothing more there. Idempotent; never of the last one. */
    void leaveBehind(Region region, String why) {
        synchronized (this) {
            if (going.size() < 2 || !going.remove(region)) {
                return;
            }
            left.put(region, why);
        }
        LOG.warn("region {} is left behind and caught up with later: {}", region, why);
        job.record().update(this::told);
    }

    /** The snapshot with what was left behind, which another thread may be about to write. */
    synchronized Snapshot told(Snapshot snapshot) {
        Snapshot told = snapshot;
        for (Map.Entry<Region, String> behind : left.entrySet()) {
            told = Replicas.with(
                    told,
                    behind.getKey(),
                    copy -> copy.state() == Replica.State.TRANSFERRING || copy.state() == Replica.State.PENDING
                            ? copy.behind(behind.getValue())
                            : copy);
        }
        return told;
    }

    /** The region of that name. */
    Optional<Region> named(String name) {
        return going().stream().filter(region -> region.name().equals(name)).findFirst();
    }
}
