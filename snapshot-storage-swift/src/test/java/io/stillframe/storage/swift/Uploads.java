package io.stillframe.storage.swift;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What the tests of uploads share. */
final class Uploads {
    static final ObjectKey KEY = ObjectKey.of("disks/ü 1.raw");
    static final int PART = 1000;
    static final PartLayout LAYOUT = PartLayout.fixed(PART);

    private Uploads() {}

    static List<PartReceipt> send(UploadSession session, byte[] content) {
        List<PartReceipt> receipts = new ArrayList<>();
        for (int from = 0; from < content.length; from += PART) {
            int length = Math.min(PART, content.length - from);
            receipts.add(session.putPart(receipts.size() + 1, ByteBuffer.wrap(content, from, length)));
        }
        return receipts;
    }

    static PublishOutcome upload(ObjectStore store, byte[] content, PublishMode mode) {
        try (UploadSession session = store.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults())) {
            return session.complete(send(session, content), mode);
        }
    }

    static byte[] read(ObjectStore store) {
        ByteSource source = store.open(KEY);
        try {
            return Bytes.readAll(source);
        } finally {
            source.close();
        }
    }

    /** Removes all unfinished uploads, as a sweep does. */
    static void sweep(ObjectStore store) {
        for (var upload :
                store.listUploads("", java.util.Optional.empty(), 1000).items()) {
            try {
                store.resumeUpload(upload.token()).close();
            } catch (io.stillframe.model.SnapshotException e) {
                assertThat(e.kind()).isEqualTo(io.stillframe.model.SnapshotException.Kind.NOT_FOUND);
            }
        }
        assertThat(store.listUploads("", java.util.Optional.empty(), 1000).items())
                .isEmpty();
    }
}
