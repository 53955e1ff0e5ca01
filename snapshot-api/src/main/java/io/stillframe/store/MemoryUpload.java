package io.stillframe.store;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An unfinished upload of a memory store; guarded by its own monitor. */
final class MemoryUpload {
    private final MemoryObjectStore store;
    private final long number;
    private final UnfinishedUpload unfinished;
    private final TreeMap<Integer, byte[]> parts = new TreeMap<>();
    private final Map<Integer, PartReceipt> receipts = new TreeMap<>();
    private long lastTag;
    private boolean ended;

    MemoryUpload(MemoryObjectStore store, long number, ObjectKey key, PartLayout layout, Instant startedAt) {
        this.store = store;
        this.number = number;
        this.unfinished = new UnfinishedUpload(new UploadToken(key, layout, Long.toString(number)), startedAt);
    }

    long number() {
        return number;
    }

    UploadToken token() {
        return unfinished.token();
    }

    UnfinishedUpload unfinished() {
        return unfinished;
    }

    UploadSession session() {
        return new Session();
    }

    private synchronized PartReceipt putPart(int part, byte[] bytes) {
        requireUnfinished();
        PartReceipt receipt = new PartReceipt(part, bytes.length, Long.toString(++lastTag));
        parts.put(part, bytes);
        receipts.put(part, receipt);
        return receipt;
    }

    private synchronized List<PartReceipt> arrived() {
        requireUnfinished();
        return List.copyOf(receipts.values());
    }

    private synchronized boolean holds(PartReceipt part, byte[] bytes) {
        requireUnfinished();
        return part.equals(receipts.get(part.number())) && Arrays.equals(bytes, parts.get(part.number()));
    }

    private synchronized PublishOutcome complete(List<PartReceipt> wanted, PublishMode mode) {
        requireUnfinished();
        StoreArguments.requireComplete(token().key(), wanted, receipts, token().layout());
        List<byte[]> body = new ArrayList<>(parts.headMap(wanted.size(), true).values());
        PublishOutcome outcome = store.publish(token().key(), body, mode);
        end();
        return outcome;
    }

    private synchronized void end() {
        ended = true;
        parts.clear();
        store.forget(this);
    }

    private void requireUnfinished() {
        if (ended) {
            throw SnapshotException.notFound("the upload of " + token().key() + " was completed or aborted");
        }
    }

    /** One owner's hold on the upload. */
    private final class Session implements UploadSession {
        private boolean detached;

        @Override
        public UploadToken token() {
            return unfinished.token();
        }

        @Override
        public PartReceipt putPart(int part, ByteBuffer bytes) {
            StoreArguments.requirePart(part, bytes, token().layout(), store.capabilities());
            return MemoryUpload.this.putPart(part, MemoryObjectStore.copyOf(bytes));
        }

        @Override
        public List<PartReceipt> arrived() {
            return MemoryUpload.this.arrived();
        }

        @Override
        public boolean holds(PartReceipt part, ByteBuffer bytes) {
            return MemoryUpload.this.holds(part, MemoryObjectStore.copyOf(bytes));
        }

        @Override
        public PublishOutcome complete(List<PartReceipt> wanted, PublishMode mode) {
            return MemoryUpload.this.complete(wanted, mode);
        }

        @Override
        public void detach() {
            detached = true;
        }

        @Override
        public void close() {
            if (!detached) {
                end();
            }
        }
    }
}
