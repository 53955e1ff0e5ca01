package io.stillframe.spi;

import io.stillframe.model.ConcurrencyLimits;
import java.util.Optional;
import java.util.Set;

/**
 * Which waiting work a service asks for.
 *
 * @param work kinds that it has a place for: {@link Work#WAITS_TO_CAPTURE}, {@link Work#WAITS_TO_TRANSFER}
 * @param hosts that it reaches, by the names that snapshots have them by
 * @param stores that it reaches, by their URIs; work that names none suits any
 * @param whose of whom
 * @param limits how much may run at once over all services
 */
public record TurnRequest(
        Set<Work> work, Set<String> hosts, Set<String> stores, Whose whose, ConcurrencyLimits limits) {
    /** Whose waiting work. */
    public enum Whose {
        /** Work that the asking owner has the lease of. */
        OWN,
        /** Work that nobody has: its lease is free or expired. */
        ANY
    }

    public TurnRequest {
        work = Set.copyOf(work);
        hosts = Set.copyOf(hosts);
        stores = Set.copyOf(stores);
    }

    /** Whether work at that place is asked for. */
    public boolean reaches(String host, Optional<String> store) {
        return hosts.contains(host) && (store.isEmpty() || stores.contains(store.get()));
    }
}
