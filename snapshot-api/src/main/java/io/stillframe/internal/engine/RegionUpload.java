package io.stillframe.internal.engine;

import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadSession;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One region's upload of one object, which may hang in a call when the region is left behind: its session is closed by whoever is the
 * last to use it, and what has arrived stays, to go on with. Safe for use by several threads.
 */
final class RegionUpload implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegionUpload.class);

    private final Region region;
    private final UploadSession session;
    private final Executor calls;
    private boolean completing;
    private boolean leftBehind;
    private boolean closed;

    RegionUpload(Region region, UploadSession session, Executor calls) {
        this.region = region;
        this.session = session;
        this.calls = calls;
    }

    Region region() {
        return region;
    }

    UploadSession session() {
        return session;
    }

    /** Completes the upload; nobody closes it meanwhile. */
    <T> T completing(Supplier<T> completion) {
        synchronized (this) {
            completing = true;
        }
        try {
            return completion.get();
        } finally {
            boolean abandoned;
            synchronized (this) {
                completing = false;
                abandoned = leftBehind && !closed;
                closed |= abandoned;
            }
            if (abandoned) {
                end(true);
            }
        }
    }

    /** The region is left behind; returns at once. */
    void leaveBehind() {
        synchronized (this) {
            leftBehind = true;
            if (completing || closed) {
                return;
            }
            closed = true;
        }
        calls.execute(() -> end(true));
    }

    /** Leaves the upload unfinished for who goes on with it. */
    void leaveToSuccessor() {
        synchronized (this) {
            if (completing || closed) {
                leftBehind = true;
                return;
            }
            closed = true;
        }
        end(true);
    }

    /** Aborts it, unless it was completed. */
    @Override
    public void close() {
        synchronized (this) {
            if (completing || closed) {
                leftBehind = true;
                return;
            }
            closed = true;
        }
        end(false);
    }

    private void end(boolean unfinished) {
        try {
            if (unfinished && region.store().capabilities().has(StoreCapability.RESUME)) {
                session.detach();
            }
            session.close();
        } catch (RuntimeException e) {
            LOG.info("an upload in region {} could not be ended: {}", region, e.getMessage());
            if (!unfinished) {
                throw e;
            }
        }
    }
}
