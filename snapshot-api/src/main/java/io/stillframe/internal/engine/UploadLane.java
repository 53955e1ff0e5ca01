package io.stillframe.internal.engine;

import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PartDigests;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One store's share of an upload to several: sends its parts in their order, some at once, and holds each one's buffer until it has
 * arrived. Once ended it holds on to nothing but what a call of its store still reads. Safe for use by several threads.
 */
final class UploadLane {
    private final String name;
    private final UploadSession session;
    private final Executor senders;
    private final int atOnce;
    private final Map<Integer, PartReceipt> receipts = new ConcurrentHashMap<>();
    private final ArrayDeque<SharedPart> waiting = new ArrayDeque<>();
    /** Ends retries under way. */
    private final Cancellation gone = new Cancellation();

    private final Object asking = new Object();
    /** What the store says that it has already; null until a part is to be sent. Guarded by {@link #asking}. */
    private @Nullable Map<Integer, PartReceipt> arrivedEarlier;

    private int underWay;
    private boolean ended;
    private volatile long bytesArrived;
    private volatile boolean leftBehind;
    /** Time that whoever writes has waited for this store alone. */
    private long waitedNanos;

    /** A part and who still needs its buffer. */
    interface SharedPart {
        int number();

        ByteBuffer bytes();

        /** Of these bytes. */
        PartDigests digests();

        /** A lane needs it no more. */
        void release();
    }

    /** Sends a part: gives its receipt or throws. */
    interface Sender extends Function<SharedPart, PartReceipt> {}

    /**
     * @param session stays the caller's to close
     * @param atOnce most parts that are being sent at the same time, and so most buffers that a store that hangs keeps
     */
    UploadLane(String name, UploadSession session, Executor senders, int atOnce) {
        this.name = name;
        this.session = session;
        this.senders = senders;
        this.atOnce = atOnce;
    }

    String name() {
        return name;
    }

    UploadSession session() {
        return session;
    }

    Cancellation gone() {
        return gone;
    }

    /** What the store has of a part already, if it has just these bytes. A call of the store, at first: for the lane's threads. */
    Optional<PartReceipt> arrivedEarlier(int part, ByteBuffer bytes) {
        return Optional.ofNullable(arrivedEarlier().get(part)).filter(earlier -> session.holds(earlier, bytes));
    }

    private Map<Integer, PartReceipt> arrivedEarlier() {
        synchronized (asking) {
            Map<Integer, PartReceipt> known = arrivedEarlier;
            if (known == null) {
                known = session.arrived().stream().collect(Collectors.toMap(PartReceipt::number, part -> part));
                arrivedEarlier = known;
            }
            return known;
        }
    }

    /**
     * Takes a part to be sent.
     *
     * @param send called on the lane's threads; what it throws was dealt with
     */
    void offer(SharedPart part, Sender send, Runnable onEnd) {
        synchronized (this) {
            if (!ended) {
                waiting.add(part);
                sendNext(send, onEnd);
                return;
            }
        }
        part.release();
    }

    private synchronized void sendNext(Sender send, Runnable onEnd) {
        while (!ended && underWay < atOnce && !waiting.isEmpty()) {
            SharedPart part = waiting.remove();
            underWay++;
            senders.execute(() -> {
                try {
                    PartReceipt receipt = send.apply(part);
                    int bytes = part.bytes().remaining();
                    receipts.put(part.number(), receipt);
                    arrived(bytes);
                } catch (LaneEnded e) {
                    // Its reason is known.
                } finally {
                    part.release();
                    sent();
                    sendNext(send, onEnd);
                    onEnd.run();
                }
            });
        }
    }

    private synchronized void sent() {
        underWay--;
    }

    private synchronized void arrived(int bytes) {
        bytesArrived += bytes;
    }

    /** Thrown by a {@link Sender} that has ended its lane. */
    static final class LaneEnded extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LaneEnded() {
            super("the lane has ended", null, false, false);
        }
    }

    /** Sends nothing more. Idempotent. */
    void end(String why) {
        List<SharedPart> dropped;
        synchronized (this) {
            ended = true;
            dropped = List.copyOf(waiting);
            waiting.clear();
        }
        gone.cancel(why);
        dropped.forEach(SharedPart::release);
    }

    /** Its store is not waited for any more. */
    void leaveBehind() {
        leftBehind = true;
    }

    boolean isLeftBehind() {
        return leftBehind;
    }

    /** Parts that it has still to send. */
    synchronized int left() {
        return waiting.size() + underWay;
    }

    /** Parts in calls of the store. */
    synchronized int underWay() {
        return underWay;
    }

    /** Adds to the time that was lost by waiting for this store alone. */
    synchronized long waited(long nanos) {
        waitedNanos += nanos;
        return waitedNanos;
    }

    long bytesArrived() {
        return bytesArrived;
    }

    List<PartReceipt> parts() {
        return receipts.values().stream()
                .sorted(Comparator.comparingInt(PartReceipt::number))
                .toList();
    }
}
