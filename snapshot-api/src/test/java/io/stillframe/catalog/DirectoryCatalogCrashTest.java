package io.stillframe.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.internal.file.ChildJvm;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.JournalEntry.Stage;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.contract.Samples;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes on one directory, some of them killed in the middle of their writes. */
final class DirectoryCatalogCrashTest {
    private static final Duration TTL = Duration.ofMinutes(5);

    @TempDir
    private Path directory;

    /** Creates, changes, journals and removes without end, and says so after each call has returned. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) {
            DirectoryCatalog catalog = DirectoryCatalog.open(Path.of(arguments[0]));
            for (int n = 0; ; n++) {
                Instant now = Instant.now();
                CatalogRecord record = CatalogRecord.first(
                        Samples.requested(now), Optional.of("claim/" + n % 3), Map.of("pad", "x".repeat(9000)));
                SnapshotId id = record.snapshot().id();
                Lease lease = catalog.create(record, arguments[1], TTL);
                say("created", id, lease.epoch());
                for (int step = 1; step <= 3; step++) {
                    catalog.append(lease, id, "step", Stage.INTENT, "y".repeat(6000));
                    say("journaled", id, step);
                    record = catalog.update(record.withAttribute("step", "" + step), lease);
                    say("updated", id, record.version());
                }
                if (n % 2 == 0) {
                    say("removing", id, 0);
                    catalog.remove(id, lease);
                } else {
                    catalog.update(record.withoutClaim(), lease);
                }
                say("done", id, 0);
            }
        }

        private static void say(String what, SnapshotId id, long number) {
            System.out.println(what + " " + id + " " + number);
        }
    }

    /** What the writer had been told when it was killed. */
    private static final class Told {
        private final Map<String, Long> created = new HashMap<>();
        private final Map<String, Long> journaled = new HashMap<>();
        private final Map<String, Long> updated = new HashMap<>();
        private final List<String> removing = new ArrayList<>();

        void hear(String line) {
            String[] words = line.split(" ");
            // A line that was cut off by the kill says nothing.
            if (words.length == 3 && words[1].length() == 31) {
                long number = Long.parseLong(words[2]);
                switch (words[0]) {
                    case "created" -> created.put(words[1], number);
                    case "journaled" -> journaled.put(words[1], number);
                    case "updated" -> updated.put(words[1], number);
                    case "removing" -> removing.add(words[1]);
                    default -> {}
                }
            }
        }
    }

    @Test
    void aKilledProcessLeavesAReadableCatalogThatKeptItsWord() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Told told = new Told();
        long highestEpoch = 0;
        for (int round = 0; round < 12; round++) {
            int lines = random.nextInt(60);
            try (ChildJvm writer = ChildJvm.start(Writer.class, directory.toString(), "round-" + round)) {
                for (int line = 0; line < lines; line++) {
                    told.hear(writer.line());
                }
                spin(random.nextInt(20_000));
                writer.kill();
                writer.lines().forEach(told::hear);
            }
            highestEpoch = verify(told, highestEpoch, "seed " + seed + ", round " + round);
        }
    }

    /** Moves the kill by some microseconds, to hit other instructions. */
    private static void spin(int micros) {
        long end = System.nanoTime() + micros * 1000L;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private long verify(Told told, long epochBefore, String where) {
        try (DirectoryCatalog catalog = DirectoryCatalog.open(directory)) {
            assertThat(catalog.unreadable()).as(where).isEmpty();
            told.created.keySet().forEach(name -> verifyRecord(catalog, told, new SnapshotId(name), where));
            List<CatalogRecord> all = catalog.list(Optional.empty(), 1000).items();
            all.forEach(record ->
                    assertThat(catalog.find(record.snapshot().id())).as(where).contains(record));
            long epoch = epochBefore;
            for (CatalogRecord record : all) {
                epoch = Math.max(epoch, takeOver(catalog, record));
            }
            assertThat(told.created.values()).as(where).allMatch(granted -> granted > 0);
            return epoch;
        }
    }

    private void verifyRecord(DirectoryCatalog catalog, Told told, SnapshotId id, String where) {
        String name = id.value();
        Optional<CatalogRecord> found = catalog.find(id);
        if (told.removing.contains(name)) {
            if (found.isEmpty()) {
                assertThat(catalog.journal(id)).as(where).isEmpty();
            }
            return;
        }
        assertThat(found).as(where + ": created, but not there").isPresent();
        assertThat(found.get().version())
                .as(where + ": an update was lost")
                .isGreaterThanOrEqualTo(told.updated.getOrDefault(name, 1L));
        assertThat(catalog.journal(id))
                .as(where + ": an entry was lost")
                .hasSizeGreaterThanOrEqualTo(
                        told.journaled.getOrDefault(name, 0L).intValue());
    }

    /** What recovery does after the lease's end; here by the dead owner's name, to need no clock. */
    private static long takeOver(DirectoryCatalog catalog, CatalogRecord record) {
        SnapshotId id = record.snapshot().id();
        String owner = "nobody";
        LeaseOutcome outcome = catalog.acquire(id.value(), owner, TTL);
        if (outcome instanceof LeaseOutcome.Held held) {
            owner = held.by().owner();
            outcome = catalog.acquire(id.value(), owner, TTL);
            assertThat(((LeaseOutcome.Granted) outcome).lease().epoch())
                    .isGreaterThan(held.by().epoch());
        }
        Lease lease = ((LeaseOutcome.Granted) outcome).lease();
        List<JournalEntry> before = catalog.journal(id);
        assertThat(catalog.append(lease, id, "recovered", Stage.RECEIPT, "").sequence())
                .isEqualTo(before.size() + 1L);
        catalog.update(record.withoutClaim(), lease);
        catalog.release(lease);
        return lease.epoch();
    }

    /** Counts up a shared record by compare-and-set. */
    static final class Counter {
        private Counter() {}

        public static void main(String[] arguments) {
            DirectoryCatalog catalog = DirectoryCatalog.open(Path.of(arguments[0]));
            SnapshotId id = new SnapshotId(arguments[1]);
            Lease lease = new Lease(id.value(), "me", Long.parseLong(arguments[2]), Instant.EPOCH);
            for (int done = 0; done < 30; ) {
                CatalogRecord now = catalog.find(id).orElseThrow();
                try {
                    catalog.update(now, lease);
                    catalog.append(lease, id, "counted", Stage.RECEIPT, "");
                    done++;
                } catch (SnapshotException e) {
                    if (e.kind() != Kind.CONFLICT) {
                        throw e;
                    }
                }
            }
            System.out.println("done");
        }
    }

    @Test
    void processesDoNotLoseEachOthersChanges() {
        try (DirectoryCatalog catalog = DirectoryCatalog.open(directory)) {
            CatalogRecord record = CatalogRecord.first(Samples.requested(Instant.now()), Optional.empty(), Map.of());
            SnapshotId id = record.snapshot().id();
            Lease lease = catalog.create(record, "me", TTL);
            List<ChildJvm> children = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                children.add(ChildJvm.start(Counter.class, directory.toString(), id.value(), "" + lease.epoch()));
            }
            for (ChildJvm child : children) {
                assertThat(child.line()).isEqualTo("done");
                assertThat(child.join()).isZero();
                child.close();
            }
            assertThat(catalog.find(id).orElseThrow().version()).isEqualTo(91);
            assertThat(catalog.journal(id)).hasSize(90);
        }
    }
}
