package io.stillframe.store;

import io.stillframe.spi.PartDigests;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.List;

/** An upload whose calls are made again. */
record RetryingSession(UploadSession session, StoreRetries retries, UnknownOutcomes outcomes) implements UploadSession {
    @Override
    public UploadToken token() {
        return session.token();
    }

    @Override
    public PartReceipt putPart(int number, ByteBuffer bytes) {
        return retries.call(
                "sending part " + number + " of " + token().key(), () -> session.putPart(number, bytes.duplicate()));
    }

    @Override
    public PartReceipt putPart(int number, ByteBuffer bytes, PartDigests digests) {
        return retries.call(
                "sending part " + number + " of " + token().key(),
                () -> session.putPart(number, bytes.duplicate(), digests));
    }

    @Override
    public long bytesSent() {
        return session.bytesSent();
    }

    @Override
    public List<PartReceipt> arrived() {
        return retries.call("listing the parts of " + token().key(), session::arrived);
    }

    @Override
    public boolean holds(PartReceipt part, ByteBuffer bytes) {
        return session.holds(part, bytes);
    }

    @Override
    public PublishOutcome complete(List<PartReceipt> parts, PublishMode mode) {
        return outcomes.complete(session, parts, mode);
    }

    @Override
    public void detach() {
        session.detach();
    }

    @Override
    public void close() {
        retries.call("aborting the upload of " + token().key(), () -> {
            session.close();
            return session;
        });
    }
}
