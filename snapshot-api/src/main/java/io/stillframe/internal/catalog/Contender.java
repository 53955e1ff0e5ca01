package io.stillframe.internal.catalog;

import io.stillframe.model.Tenant;
import java.time.Instant;
import java.util.Comparator;

/**
 * A tenant whose work waits, beside others: who has the least running is served first, of those who was served longest ago, of those
 * whoever has waited longest.
 *
 * @param tenant who
 * @param running how much of this kind runs for it
 * @param lastTurn number of the turn in which it was last served, 0 if never
 * @param oldest when its oldest waiting work was requested
 */
public record Contender(Tenant tenant, long running, long lastTurn, Instant oldest) {
    /** Who is to be served first comes first. */
    public static Comparator<Contender> order() {
        return Comparator.comparingLong(Contender::running)
                .thenComparingLong(Contender::lastTurn)
                .thenComparing(Contender::oldest)
                .thenComparing(contender -> contender.tenant().name());
    }
}
