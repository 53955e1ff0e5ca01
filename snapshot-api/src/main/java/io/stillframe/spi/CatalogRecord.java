package io.stillframe.spi;

import io.stillframe.model.Names;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A snapshot as a catalog keeps it. Immutable.
 *
 * @param snapshot the public part
 * @param version 1 when created, one more with every update
 * @param claim what this snapshot alone may work on, e.g. an instance whose disks it holds; at most one record of a catalog has the
 *     same claim
 * @param token the idempotency token of the request that it was created for; at most one record of a catalog has the same token
 * @param work what is left to be done about it
 * @param attributes what the engine needs to go on in another process (the request, the capture plan, …), opaque to catalogs, at most
 *     1 MiB in all
 */
public record CatalogRecord(
        Snapshot snapshot,
        long version,
        Optional<String> claim,
        Optional<String> token,
        Work work,
        Map<String, String> attributes) {
    public CatalogRecord {
        attributes = Map.copyOf(attributes);
        if (version < 1) {
            throw SnapshotException.invalid("a record's version is at least 1, got " + version);
        }
        token.ifPresent(Names::idempotencyToken);
    }

    /** Without token; its work is what the snapshot's status says. */
    public CatalogRecord(Snapshot snapshot, long version, Optional<String> claim, Map<String, String> attributes) {
        this(snapshot, version, claim, Optional.empty(), Work.of(snapshot), attributes);
    }

    /** A first version. */
    public static CatalogRecord first(Snapshot snapshot, Optional<String> claim, Map<String, String> attributes) {
        return new CatalogRecord(snapshot, 1, claim, attributes);
    }

    public CatalogRecord with(Snapshot value) {
        return new CatalogRecord(value, version, claim, token, work, attributes);
    }

    public CatalogRecord withAttribute(String key, String value) {
        Map<String, String> changed = new HashMap<>(attributes);
        changed.put(key, value);
        return new CatalogRecord(snapshot, version, claim, token, work, changed);
    }

    public CatalogRecord withToken(Optional<String> value) {
        return new CatalogRecord(snapshot, version, claim, value, work, attributes);
    }

    public CatalogRecord withoutClaim() {
        return new CatalogRecord(snapshot, version, Optional.empty(), token, work, attributes);
    }

    public CatalogRecord withClaim(String value) {
        return new CatalogRecord(snapshot, version, Optional.of(value), token, work, attributes);
    }

    public CatalogRecord withWork(Work value) {
        return new CatalogRecord(snapshot, version, claim, token, value, attributes);
    }

    /** As the catalog stores it when its turn has come. */
    public CatalogRecord begun() {
        return new CatalogRecord(snapshot, Math.addExact(version, 1), claim, token, work.begun(), attributes);
    }
}
