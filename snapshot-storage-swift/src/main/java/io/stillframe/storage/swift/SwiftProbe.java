package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Tries what a cluster does, with an unfinished upload of its own that it removes again. Limits are what the cluster says of itself.
 * Whether creations are conditional is not tried: that several writers at once happened to get one winner would prove nothing.
 */
final class SwiftProbe {
    private static final Duration LIFE = Duration.ofHours(1);

    private final SwiftObjectStore store;
    private final SwiftParts parts;

    SwiftProbe(SwiftObjectStore store, SwiftParts parts) {
        this.store = store;
        this.parts = parts;
    }

    StoreCapabilities run() {
        StoreCapabilities now = SwiftObjectStore.capabilities(ServerInfo.of(parts.client()));
        Set<StoreCapability> found = EnumSet.noneOf(StoreCapability.class);
        ObjectKey key = ObjectKey.of("probe-" + UploadId.random());
        UploadOptions options = new UploadOptions(
                "application/octet-stream", Optional.of(Instant.now().plus(LIFE)));
        PartLayout layout = PartLayout.fixed(now.smallestPart());
        try (UploadSession session = store.beginUpload(key, layout, options)) {
            PartReceipt part = session.putPart(1, ByteBuffer.allocate(layout.firstSize()));
            if (isListed(key)) {
                found.add(StoreCapability.LIST_UPLOADS);
            }
            if (isResumed(session, part)) {
                found.add(StoreCapability.RESUME);
            }
            if (expires(key, session)) {
                found.add(StoreCapability.EXPIRY);
            }
        }
        return new StoreCapabilities(
                found, now.smallestPart(), now.largestPart(), now.mostParts(), now.largestObject());
    }

    private boolean isListed(ObjectKey key) {
        return !store.listUploads(key.value(), Optional.empty(), 1).items().isEmpty();
    }

    private boolean isResumed(UploadSession session, PartReceipt part) {
        UploadSession again = store.resumeUpload(session.token());
        again.detach();
        return again.arrived().equals(List.of(part));
    }

    private boolean expires(ObjectKey key, UploadSession session) {
        UploadId id = UploadId.parse(session.token().state())
                .orElseThrow(() -> new IllegalStateException("a token of this store's own"));
        String segment = parts.names().segment(key, id, 1);
        Answer answer = parts.client()
                .call("probing " + store, new SwiftCall("HEAD", parts.names().segmentPath(segment)));
        if (!answer.succeeded() && answer.status() != 404) {
            throw SnapshotException.transientFault("probing " + store + ": the part cannot be seen", null);
        }
        return answer.header("X-Delete-At").isPresent();
    }
}
