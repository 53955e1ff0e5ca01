package io.stillframe.internal.engine;

import io.stillframe.image.StreamTarget;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sends one stored image to one or several stores at once, part by part in parallel while the image is still being written. The first
 * part is held back until the head, which is known last, has been put in front. Passing faults of a part are retried on their own. A
 * part that an earlier process sent is not sent again where the store knows that it has just these bytes.
 *
 * <p>The writing methods are for one thread. Memory is the given buffers'; whoever writes waits when all are on their way.
 */
final class PartedUpload implements StreamTarget, AutoCloseable {
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final List<Lane> lanes;
    private final PartBuffers buffers;
    private final Executor senders;
    private final Retries retries;
    private final Cancellation cancellation;
    private final Supplier<PhaseSpan> spans;
    /** Sendings that have not ended. */
    private final AtomicInteger underWay = new AtomicInteger();

    private final Signal ended = new Signal();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile long partsArrived;
    private @Nullable ByteBuffer first;
    private @Nullable ByteBuffer current;
    private int headLength;
    private int number = 1;

    /** One store's share. */
    private record Lane(
            UploadSession session, Map<Integer, PartReceipt> arrivedEarlier, Map<Integer, PartReceipt> receipts) {
        static Lane of(UploadSession session, List<PartReceipt> arrivedEarlier) {
            return new Lane(
                    session,
                    arrivedEarlier.stream().collect(Collectors.toMap(PartReceipt::number, part -> part)),
                    new ConcurrentHashMap<>());
        }
    }

    /**
     * @param sessions one for each store, new or resumed, with one fixed layout of the buffers' size; stay the caller's to close
     * @param buffers at least three
     */
    PartedUpload(
            List<UploadSession> sessions,
            PartBuffers buffers,
            Executor senders,
            Retries retries,
            Cancellation cancellation) {
        this(sessions, buffers, senders, retries, cancellation, PhaseSpan::none);
    }

    /** @param spans begins the event of one part's upload */
    PartedUpload(
            List<UploadSession> sessions,
            PartBuffers buffers,
            Executor senders,
            Retries retries,
            Cancellation cancellation,
            Supplier<PhaseSpan> spans) {
        this.spans = spans;
        this.lanes = sessions.stream()
                .map(session -> Lane.of(session, session.arrived()))
                .toList();
        this.buffers = buffers;
        this.senders = senders;
        this.retries = retries;
        this.cancellation = cancellation;
    }

    @Override
    public void begin(int length) {
        if (length > buffers.size()) {
            throw SnapshotException.unsupported("the image's head has " + length + " bytes, more than a part of "
                    + buffers.size() + "; raise the part size");
        }
        headLength = length;
        current = take();
        current.position(length);
    }

    @Override
    public void body(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            ByteBuffer part = room();
            int count = Math.min(part.remaining(), bytes.remaining());
            ByteBuffer slice = bytes.slice(bytes.position(), count);
            part.put(slice);
            bytes.position(bytes.position() + count);
        }
    }

    @Override
    public void head(ByteBuffer head) {
        ByteBuffer holder = first != null ? first : current;
        if (head.remaining() != headLength || holder == null) {
            throw new IllegalStateException("a head of " + head.remaining() + " bytes was announced as " + headLength);
        }
        holder.put(0, head, head.position(), headLength);
        head.position(head.limit());
        if (first != null) {
            send(1, first);
            first = null;
        }
        if (current != null && current.position() > 0) {
            send(number, current);
            current = null;
        }
    }

    /**
     * Waits for all parts and makes the object visible in the store of session {@code index}.
     *
     * @throws SnapshotException as {@link UploadSession#complete}
     */
    PublishOutcome complete(int index, PublishMode mode) {
        awaitSent();
        Lane lane = lanes.get(index);
        List<PartReceipt> parts = lane.receipts().values().stream()
                .sorted(Comparator.comparingInt(PartReceipt::number))
                .toList();
        return lane.session().complete(parts, mode);
    }

    /** Grows with every part that has arrived everywhere, and with what moves of those under way: a sign of life. */
    long moved() {
        long moved = partsArrived;
        for (Lane lane : lanes) {
            moved += lane.session().bytesSent();
        }
        return moved;
    }

    /** Gives the buffers back once no part is on its way any more; one that is stuck in a store's call keeps its buffer. */
    @Override
    public void close() {
        failure.compareAndSet(null, SnapshotException.cancelled("the upload was closed"));
        long deadline = System.nanoTime() + STUCK_NANOS;
        while (underWay.get() > 0 && System.nanoTime() - deadline < 0) {
            ended.await(LOOK_AGAIN_NANOS);
        }
        giveBack(first);
        giveBack(current);
        first = null;
        current = null;
    }

    private ByteBuffer room() {
        ByteBuffer part = current;
        if (part != null && !part.hasRemaining()) {
            seal(part);
            part = null;
        }
        if (part == null) {
            part = take();
            current = part;
        }
        return part;
    }

    private void seal(ByteBuffer part) {
        current = null;
        if (number == 1 && headLength > 0) {
            first = part;
        } else {
            send(number, part);
        }
        number++;
    }

    private ByteBuffer take() {
        return buffers.take(this::check);
    }

    private void send(int part, ByteBuffer buffer) {
        check();
        buffer.flip();
        AtomicInteger left = new AtomicInteger(lanes.size());
        underWay.addAndGet(lanes.size());
        for (Lane lane : lanes) {
            senders.execute(() -> {
                put(lane, part, buffer.duplicate());
                if (left.decrementAndGet() == 0) {
                    arrived(buffer);
                }
                underWay.decrementAndGet();
                ended.raise();
            });
        }
    }

    private void put(Lane lane, int part, ByteBuffer bytes) {
        try (PhaseSpan span = spans.get()) {
            span.bytes(bytes.remaining());
            PartReceipt receipt = retries.call("sending part " + part, cancellation, () -> {
                check();
                return arrivedEarlier(lane, part, bytes)
                        .orElseGet(() -> lane.session().putPart(part, bytes.duplicate()));
            });
            lane.receipts().put(part, receipt);
            span.done("part " + part);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    private static Optional<PartReceipt> arrivedEarlier(Lane lane, int part, ByteBuffer bytes) {
        return Optional.ofNullable(lane.arrivedEarlier().get(part))
                .filter(earlier -> lane.session().holds(earlier, bytes.duplicate()));
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // a sign of life, not a count
    private void arrived(ByteBuffer buffer) {
        partsArrived++;
        buffers.give(buffer);
    }

    private void awaitSent() {
        check();
        while (underWay.get() > 0) {
            ended.await(LOOK_AGAIN_NANOS);
            check();
        }
    }

    private void check() {
        cancellation.check();
        Throwable e = failure.get();
        if (e instanceof SnapshotException known) {
            throw new SnapshotException(known.kind(), String.valueOf(known.getMessage()), known);
        }
        if (e != null) {
            throw SnapshotException.permanent("sending a part failed: " + e, e);
        }
    }

    private void giveBack(@Nullable ByteBuffer buffer) {
        if (buffer != null) {
            buffers.give(buffer);
        }
    }
}
