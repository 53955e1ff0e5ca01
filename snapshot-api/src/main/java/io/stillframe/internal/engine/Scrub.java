package io.stillframe.internal.engine;

import io.stillframe.model.Replica;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.ScrubReport.Item;
import io.stillframe.model.ScrubReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Cancellation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads every byte of a snapshot's copies and tells which are what was stored; has damaged ones copied anew if one is whole. */
final class Scrub {
    private final Installation installation;
    private final RecordAccess access;
    private final Wholeness wholeness;

    Scrub(Installation installation, Retries retries, RecordAccess access, Cancellation cancellation) {
        this.installation = installation;
        this.access = access;
        this.wholeness = new Wholeness(retries, cancellation);
    }

    ScrubReport look(Snapshot snapshot) {
        Residency residency = Residency.of(installation.settings().residency(), snapshot);
        List<Item> items = installation.replicas(snapshot).stream()
                .map(replica -> look(snapshot, replica, residency))
                .toList();
        return new ScrubReport(snapshot.id(), items);
    }

    /** Changes nothing if no copy is whole: what one has lost another may still have. */
    ScrubReport repair(Snapshot snapshot) {
        ScrubReport found = look(snapshot);
        if (found.count(Outcome.WHOLE) == 0 || found.count(Outcome.DAMAGED) == 0) {
            return found;
        }
        List<Item> items = new ArrayList<>();
        for (Item item : found.items()) {
            if (item.outcome() == Outcome.DAMAGED) {
                discard(snapshot.id(), item);
                items.add(new Item(item.region(), Outcome.REPAIRING, item.detail()));
            } else {
                items.add(item);
            }
        }
        return new ScrubReport(snapshot.id(), items);
    }

    private void discard(SnapshotId id, Item damaged) {
        access.run(
                id,
                "a copy is repaired",
                job -> job.record()
                        .change(record -> {
                            Optional<Region> region = record.snapshot()
                                    .replica(damaged.region())
                                    .filter(Replica::isComplete)
                                    .flatMap(installation::regionOf);
                            if (region.isEmpty()) {
                                return record;
                            }
                            Snapshot behind = Replicas.with(
                                    record.snapshot(),
                                    region.get(),
                                    copy -> copy.behind("damaged: " + damaged.detail()));
                            return Attributes.withDiscarded(record.with(behind), region.get());
                        })
                        .snapshot());
    }

    private Item look(Snapshot snapshot, Replica replica, Residency residency) {
        Optional<Region> region = installation.regionOf(replica);
        if (!replica.isComplete() && !snapshot.replicas().isEmpty()) {
            return new Item(
                    replica.region(), Outcome.INCOMPLETE, replica.failure().orElse(replica.state() + ""));
        }
        if (region.isEmpty()) {
            return new Item(
                    replica.region(), Outcome.UNREACHED, "this service has no region with store " + replica.store());
        }
        Optional<String> refusal = residency.refusal(region.get());
        return refusal.map(why -> new Item(replica.region(), Outcome.UNREACHED, why))
                .orElseGet(() -> wholeness.look(snapshot, region.get()));
    }
}
