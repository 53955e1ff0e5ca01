package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.stillframe.model.InstanceId;
import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.JournalEntry.Stage;
import io.stillframe.spi.Lease;
import io.stillframe.spi.Page;
import io.stillframe.spi.SnapshotCatalog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What every {@link SnapshotCatalog} promises. A subclass says how to open one. */
public abstract class SnapshotCatalogContract extends TurnContract {
    @Test
    void anEmptyCatalogHoldsNothing() {
        SnapshotId unknown = SnapshotId.create(START);
        assertThat(catalog.find(unknown)).isEmpty();
        assertThat(catalog.journal(unknown)).isEmpty();
        assertThat(catalog.list(Optional.empty(), 1)).isEqualTo(new Page<>(List.of(), Optional.empty()));
        assertThat(catalog.uri()).isNotBlank();
    }

    @Test
    void aRecordComesBackWithEveryField() {
        CatalogRecord full = CatalogRecord.first(
                Samples.full(START), Optional.of("instance/Ä / b"), Map.of("plan", "{\"a\":[1,\n2]}", "", "€"));
        catalog.create(full, "me", TTL);
        assertThat(stored(full)).isEqualTo(full);
        CatalogRecord bare = fresh(START);
        catalog.create(bare, "me", TTL);
        assertThat(stored(bare)).isEqualTo(bare);
    }

    @Test
    void attributesOfOneMebibyteFit() {
        CatalogRecord large = fresh(START).withAttribute("plan", "\u00e4\"\n\u2028".repeat((1 << 18) - 4));
        catalog.create(large, "me", TTL);
        assertThat(stored(large)).isEqualTo(large);
        CatalogRecord tooLarge = fresh(START).withAttribute("plan", "x".repeat(1 << 20));
        failing(() -> catalog.create(tooLarge, "me", TTL), Kind.INVALID);
        assertThat(catalog.find(id(tooLarge))).isEmpty();
    }

    @Test
    void anIdentityIsCreatedOnce() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        CatalogRecord again = record.withAttribute("request", "another");
        failing(() -> another().create(again, "me", TTL), Kind.CONFLICT);
        assertThat(stored(record)).isEqualTo(record);
        catalog.update(record, lease);
    }

    @Test
    void aNewRecordHasVersionOne() {
        CatalogRecord second = new CatalogRecord(Samples.requested(START), 2, Optional.empty(), Map.of());
        failing(() -> catalog.create(second, "me", TTL), Kind.INVALID);
        assertThat(catalog.find(id(second))).isEmpty();
    }

    /**
     * Makes a stored record unreadable, as a failing disk or a newer version would.
     *
     * @return whether it did; not so if this catalog's records can always be read
     */
    protected abstract boolean damage(SnapshotId id) throws Exception;

    /** What it is built on must not go as if nobody needed it. */
    @Test
    void recordsThatCannotBeReadAreTold() throws Exception {
        CatalogRecord readable = fresh(START);
        catalog.create(readable, "me", TTL);
        CatalogRecord record = fresh(START.plusSeconds(1));
        catalog.create(record, "me", TTL);
        InstanceId instance = record.snapshot().instance().id();
        assertThat(catalog.unreadable(instance)).isEmpty();

        List<SnapshotId> damaged = damage(id(record)) ? List.of(id(record)) : List.of();
        assertThat(another().unreadable(instance)).isEqualTo(damaged);
        assertThat(catalog.unreadable(instance)).isEqualTo(damaged);
        assertThat(damaged).containsAll(catalog.unreadable(new InstanceId("another-" + instance)));
        assertThat(catalog.list(Optional.empty(), 10).items())
                .hasSize(2 - damaged.size())
                .contains(readable);
    }

    /** Any printable character may be in one. */
    @Test
    void everyInstanceIsFoundByItsIdentity() throws Exception {
        String identity = "rack\\7/\"a\"%_'";
        CatalogRecord first = fresh(START);
        Snapshot snapshot = first.snapshot().toBuilder()
                .instance(new InstanceSummary(new InstanceId(identity), "an \"odd\" one", "test:///"))
                .build();
        CatalogRecord record = CatalogRecord.first(snapshot, Optional.empty(), Map.of());
        catalog.create(record, "me", TTL);
        assertThat(catalog.list(SnapshotQuery.all().withInstance(identity), Optional.empty(), 10)
                        .items())
                .containsExactly(record);
        assertThat(catalog.list(SnapshotQuery.all().withInstance("an \"odd\" one"), Optional.empty(), 10)
                        .items())
                .containsExactly(record);
        if (damage(id(record))) {
            assertThat(catalog.unreadable(new InstanceId(identity))).containsExactly(id(record));
        }
    }

    @Test
    void updateComparesVersions() {
        CatalogRecord first = fresh(START);
        Lease lease = catalog.create(first, "me", TTL);
        CatalogRecord changed = first.with(
                first.snapshot().toBuilder().status(SnapshotStatus.QUEUED).build());
        CatalogRecord second = another().update(changed, lease);
        assertThat(second)
                .isEqualTo(new CatalogRecord(changed.snapshot(), 2, first.claim(), first.attributes())
                        .withWork(first.work()));
        assertThat(stored(first)).isEqualTo(second);

        failing(() -> catalog.update(first, lease), Kind.CONFLICT);
        failing(
                () -> catalog.update(new CatalogRecord(first.snapshot(), 3, Optional.empty(), Map.of()), lease),
                Kind.CONFLICT);
        assertThat(stored(first)).isEqualTo(second);
        assertThat(catalog.update(second, lease).version()).isEqualTo(3);
    }

    @Test
    void updateOfAMissingRecordIsNotFound() {
        CatalogRecord record = fresh(START);
        Lease lease = granted(catalog, id(record).value(), "me");
        failing(() -> catalog.update(record, lease), Kind.NOT_FOUND);
        failing(() -> catalog.append(lease, id(record), "step", Stage.INTENT, ""), Kind.NOT_FOUND);
        assertThat(catalog.find(id(record))).isEmpty();
        assertThat(catalog.journal(id(record))).isEmpty();
    }

    @Test
    void aClaimHasOneHolder() {
        CatalogRecord holder = fresh(START, "instance/a");
        Lease lease = catalog.create(holder, "me", TTL);
        CatalogRecord second = fresh(START, "instance/a");
        assertThat(failing(() -> another().create(second, "other", TTL), Kind.CONFLICT))
                .hasMessageContaining(id(holder).value());
        assertThat(catalog.find(id(second))).isEmpty();
        catalog.create(fresh(START, "instance/A"), "other", TTL);

        catalog.update(holder.withoutClaim(), lease);
        catalog.create(second, "other", TTL);
        assertThat(stored(second).claim()).contains("instance/a");
    }

    @Test
    void aClaimCanBeTakenLaterAndEndsWithItsRecord() {
        CatalogRecord holder = fresh(START, "instance/a");
        Lease holders = catalog.create(holder, "me", TTL);
        CatalogRecord waiting = fresh(START);
        Lease waitings = catalog.create(waiting, "me", TTL);
        CatalogRecord wanting =
                new CatalogRecord(waiting.snapshot(), 1, Optional.of("instance/a"), waiting.attributes());
        assertThat(failing(() -> catalog.update(wanting, waitings), Kind.CONFLICT))
                .hasMessageContaining(id(holder).value());
        assertThat(stored(waiting)).isEqualTo(waiting);

        catalog.remove(id(holder), holders);
        assertThat(another().update(wanting, waitings).claim()).contains("instance/a");
        failing(() -> catalog.create(fresh(START, "instance/a"), "me", TTL), Kind.CONFLICT);
    }

    @Test
    void concurrentClaimsHaveOneWinner() {
        for (int round = 0; round < 5; round++) {
            String claim = "instance/" + round;
            List<Boolean> won = Crowd.together(6, i -> {
                try {
                    open(clock).create(fresh(START, claim), "node-" + i, TTL);
                    return true;
                } catch (SnapshotException e) {
                    assertThat(e.kind()).isEqualTo(Kind.CONFLICT);
                    return false;
                }
            });
            assertThat(won).containsOnlyOnce(true);
        }
    }

    @Test
    void concurrentUpdatesLoseNothing() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        Crowd.together(4, i -> {
            SnapshotCatalog mine = open(clock);
            for (int done = 0; done < 10; ) {
                CatalogRecord now = mine.find(id(record)).orElseThrow();
                try {
                    mine.update(now.withAttribute(i + "/" + done, "x"), lease);
                    done++;
                } catch (SnapshotException e) {
                    assertThat(e.kind()).isEqualTo(Kind.CONFLICT);
                }
            }
            mine.close();
            return i;
        });
        CatalogRecord last = stored(record);
        assertThat(last.version()).isEqualTo(41);
        assertThat(last.attributes()).hasSize(41);
    }

    @Test
    void removeTakesRecordAndJournalAndIsIdempotent() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        catalog.append(lease, id(record), "power-off", Stage.INTENT, "");
        another().remove(id(record), lease);
        assertThat(catalog.find(id(record))).isEmpty();
        assertThat(catalog.journal(id(record))).isEmpty();
        assertThat(catalog.list(Optional.empty(), 10).items()).isEmpty();
        catalog.remove(id(record), lease);
    }

    @Test
    void argumentsAreChecked() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        failing(() -> catalog.acquire("r", "me", Duration.ofMillis(999)), Kind.INVALID);
        failing(() -> catalog.acquire("r", "me", Duration.ofSeconds(3601)), Kind.INVALID);
        failing(() -> catalog.renew(lease, Duration.ZERO), Kind.INVALID);
        failing(() -> catalog.create(fresh(START), "me", Duration.ofDays(1)), Kind.INVALID);
        failing(() -> catalog.list(Optional.empty(), 0), Kind.INVALID);
        failing(() -> catalog.list(Optional.empty(), 1001), Kind.INVALID);
        failing(() -> catalog.list(Optional.of("no token"), 10), Kind.INVALID);
        String tooLong = "x".repeat((256 << 10) + 1);
        failing(() -> catalog.append(lease, id(record), "s", Stage.INTENT, tooLong), Kind.INVALID);
        assertThat(catalog.journal(id(record))).isEmpty();
    }

    @Test
    void journalsKeepTheirOrder() {
        CatalogRecord record = fresh(START);
        CatalogRecord other = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        Lease others = catalog.create(other, "me", TTL);
        List<JournalEntry> written = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            Stage stage = i % 2 == 0 ? Stage.RECEIPT : Stage.INTENT;
            JournalEntry entry =
                    another().append(lease, id(record), "step-" + i, stage, "{\"n\":\"\n\u0000ä" + i + "\"}");
            assertThat(entry)
                    .isEqualTo(new JournalEntry(
                            id(record),
                            i,
                            lease.epoch(),
                            "step-" + i,
                            stage,
                            "{\"n\":\"\n\u0000ä" + i + "\"}",
                            clock.instant()));
            written.add(entry);
            clock.step(Duration.ofMillis(7));
        }
        JournalEntry apart = catalog.append(others, id(other), "x", Stage.INTENT, "y".repeat(256 << 10));
        assertThat(apart.sequence()).isEqualTo(1);
        assertThat(another().journal(id(record))).isEqualTo(written);
        assertThat(another().journal(id(other))).containsExactly(apart);
    }

    @Test
    void aNewOwnerContinuesTheJournal() {
        CatalogRecord record = fresh(START);
        Lease first = catalog.create(record, "a", TTL);
        catalog.append(first, id(record), "power-off", Stage.INTENT, "");
        clock.step(TTL);
        Lease second = granted(another(), first.resource(), "b");
        catalog.append(second, id(record), "power-on", Stage.INTENT, "");
        assertThat(catalog.journal(id(record)))
                .extracting(JournalEntry::sequence, JournalEntry::epoch)
                .containsExactly(tuple(1L, first.epoch()), tuple(2L, second.epoch()));
    }

    @Test
    void concurrentAppendsAreNumberedWithoutGap() {
        CatalogRecord record = fresh(START);
        Lease lease = catalog.create(record, "me", TTL);
        Crowd.together(4, i -> {
            SnapshotCatalog mine = open(clock);
            for (int n = 0; n < 10; n++) {
                mine.append(lease, id(record), "step-" + i + "-" + n, Stage.INTENT, "");
            }
            mine.close();
            return i;
        });
        List<JournalEntry> journal = catalog.journal(id(record));
        assertThat(journal).hasSize(40);
        for (int i = 0; i < 40; i++) {
            assertThat(journal.get(i).sequence()).isEqualTo(i + 1L);
        }
        assertThat(journal.stream().map(JournalEntry::step).collect(Collectors.toSet()))
                .hasSize(40);
    }

    @Test
    void listsNewestRequestFirstInPages() {
        List<CatalogRecord> created = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            // Two of each time, and identities that do not sort as the requests do.
            CatalogRecord record = fresh(START.plusSeconds((i * 5 % 7) / 2));
            catalog.create(record, "me", TTL);
            created.add(record);
        }
        List<CatalogRecord> expected = created.stream()
                .sorted((a, b) -> Snapshot.newestFirst().compare(a.snapshot(), b.snapshot()))
                .toList();
        for (int limit : new int[] {1, 2, 3, 6, 7, 8, 1000}) {
            assertThat(walk(another(), limit)).isEqualTo(expected);
        }
    }

    @Test
    void aListingSurvivesChangesBetweenItsPages() {
        List<CatalogRecord> created = new ArrayList<>();
        List<Lease> leases = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            CatalogRecord record = fresh(START.plusSeconds(i));
            leases.add(catalog.create(record, "me", TTL));
            created.add(0, record);
        }
        Page<CatalogRecord> first = catalog.list(Optional.empty(), 3);
        assertThat(first.items()).isEqualTo(created.subList(0, 3));
        catalog.remove(id(created.get(2)), leases.get(3));
        catalog.create(fresh(START.plusSeconds(60)), "me", TTL);
        assertThat(another().list(first.next(), 10).items()).isEqualTo(created.subList(3, 6));
    }

    private static List<CatalogRecord> walk(SnapshotCatalog from, int limit) {
        List<CatalogRecord> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<CatalogRecord> page = from.list(after, limit);
            assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
            found.addAll(page.items());
            after = page.next();
        } while (after.isPresent());
        return found;
    }
}
