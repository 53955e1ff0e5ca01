package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/**
 * Finds out what an endpoint honours, with tiny objects of random names that are removed again. A conditional write counts only if
 * the server keeps an existing object <em>and</em> lets exactly one of several concurrent writers through.
 */
final class S3Probe {
    private static final int WRITERS = 8;

    private final S3ObjectStore store;
    private final S3Calls.Client client;
    private final S3Settings settings;

    S3Probe(S3ObjectStore store, S3Calls.Client client, S3Settings settings) {
        this.store = store;
        this.client = client;
        this.settings = settings;
    }

    StoreCapabilities run() {
        Set<StoreCapability> found = EnumSet.noneOf(StoreCapability.class);
        add(found, StoreCapability.CREATE_IF_ABSENT, this::putIsConditional);
        add(found, StoreCapability.CREATE_IF_ABSENT_ON_COMPLETE, this::completionIsConditional);
        add(found, StoreCapability.RESUME, this::partsAreListed);
        add(found, StoreCapability.LIST_UPLOADS, this::uploadsAreListed);
        StoreCapabilities now = store.capabilities();
        return new StoreCapabilities(
                found, now.smallestPart(), now.largestPart(), now.mostParts(), now.largestObject());
    }

    /** What a server refuses it does not have; that nothing works at all is no finding. */
    private static void add(Set<StoreCapability> found, StoreCapability feature, BooleanSupplier look) {
        try {
            if (look.getAsBoolean()) {
                found.add(feature);
            }
        } catch (SnapshotException e) {
            boolean refused = e.kind() == Kind.PERMANENT
                    && (S3Errors.status(causeOf(e)) == 501 || S3Errors.status(causeOf(e)) == 400);
            if (!refused && e.kind() != Kind.UNSUPPORTED) {
                throw e;
            }
        }
    }

    private static Throwable causeOf(SnapshotException e) {
        return e.getCause() == null ? e : e.getCause();
    }

    private boolean putIsConditional() {
        ObjectKey key = scratch();
        return removing(key, () -> {
            List<PublishOutcome> outcomes = atOnce(i -> put(key, (byte) i));
            return wins(outcomes) == 1 && put(key, (byte) 99) instanceof PublishOutcome.AlreadyExists;
        });
    }

    private boolean completionIsConditional() {
        ObjectKey key = scratch();
        return removing(key, () -> {
            List<PublishOutcome> outcomes = atOnce(i -> upload(key, (byte) i));
            return wins(outcomes) == 1 && upload(key, (byte) 99) instanceof PublishOutcome.AlreadyExists;
        });
    }

    /** Of two failures the first one tells what is wrong. */
    private boolean removing(ObjectKey key, BooleanSupplier look) {
        boolean found;
        try {
            found = look.getAsBoolean();
        } catch (SnapshotException e) {
            try {
                store.delete(List.of(key));
            } catch (SnapshotException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        store.delete(List.of(key));
        return found;
    }

    private boolean partsAreListed() {
        try (S3Upload upload = begin(scratch())) {
            PartReceipt sent = upload.putPart(1, ByteBuffer.allocate(1));
            return upload.arrived().equals(List.of(sent));
        }
    }

    private boolean uploadsAreListed() {
        ObjectKey key = scratch();
        try (S3Upload upload = begin(key)) {
            String id = UploadState.parse(upload.token().state()).uploadId();
            return new S3Listing(client, settings).isUnfinished(key, id);
        }
    }

    private PublishOutcome put(ObjectKey key, byte content) {
        ByteBuffer bytes = ByteBuffer.wrap(new byte[] {content});
        return store.put(key, bytes, PublishMode.CREATE_IF_ABSENT, UploadOptions.ofDefaults(), true);
    }

    private PublishOutcome upload(ObjectKey key, byte content) {
        try (S3Upload upload = begin(key)) {
            PartReceipt part = upload.putPart(1, ByteBuffer.wrap(new byte[] {content}));
            return upload.complete(List.of(part), PublishMode.CREATE_IF_ABSENT, true);
        }
    }

    private S3Upload begin(ObjectKey key) {
        PartLayout layout = PartLayout.fixed(store.capabilities().smallestPart());
        return (S3Upload) store.beginUpload(key, layout, UploadOptions.ofDefaults());
    }

    private static long wins(List<PublishOutcome> outcomes) {
        return outcomes.stream()
                .filter(PublishOutcome.Published.class::isInstance)
                .count();
    }

    private interface Writer {
        PublishOutcome write(int number);
    }

    private static List<PublishOutcome> atOnce(Writer writer) {
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
        try {
            List<Future<PublishOutcome>> running = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int number = i;
                running.add(threads.submit(() -> writer.write(number)));
            }
            List<PublishOutcome> outcomes = new ArrayList<>();
            for (Future<PublishOutcome> one : running) {
                outcomes.add(one.get());
            }
            return outcomes;
        } catch (ExecutionException e) {
            throw S3Errors.map("probing", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(Kind.CANCELLED, "interrupted while probing", e);
        } finally {
            threads.shutdownNow();
        }
    }

    private static ObjectKey scratch() {
        return ObjectKey.of("probe-" + UUID.randomUUID());
    }
}
