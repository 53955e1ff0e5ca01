package io.stillframe.internal.engine;

import io.stillframe.image.StreamTarget;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PartDigests;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sends one stored image to one or several stores at once, part by part in parallel while the image is still being written, each part
 * from one buffer. The first part is held back until the head, which is known last, has been put in front. Passing faults of a part are
 * retried on their own. A part that an earlier process sent is not sent again where the store knows that it has just these bytes.
 *
 * <p>Of several stores, one that fails is left behind, and so is one that whoever writes has waited for too long while another had
 * nothing left to send; the last one never is, and its failure is the upload's.
 *
 * <p>The writing methods are for one thread. Memory is the given buffers'; whoever writes waits when all are on their way.
 */
final class PartedUpload implements StreamTarget, AutoCloseable {
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final List<UploadLane> lanes;
    private final PartBuffers buffers;
    private final Retries retries;
    private final Cancellation cancellation;
    private final Terms terms;

    private final Signal ended = new Signal();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile long partsArrived;
    private @Nullable ByteBuffer first;
    private @Nullable ByteBuffer current;
    private int headLength;
    private int number = 1;
    private long waitingSince;

    /**
     * One store to send to.
     *
     * @param name the region's
     * @param session new or resumed, with a fixed layout of the buffers' size; stays the caller's to close
     * @param senders threads for calls of this store
     */
    record Destination(String name, UploadSession session, Executor senders) {}

    /**
     * What goes for all stores.
     *
     * @param atOnce most parts that are being sent to one store at the same time
     * @param patience how long one store may keep whoever writes waiting in all
     * @param spans begins the event of one part's upload to the store of that name
     * @param onLeftBehind told once of a store that was left behind, from any thread
     */
    record Terms(
            int atOnce,
            Duration patience,
            Function<String, PhaseSpan> spans,
            BiConsumer<String, Throwable> onLeftBehind) {
        static Terms of(int atOnce, Duration patience) {
            return new Terms(atOnce, patience, name -> PhaseSpan.none(), (name, why) -> {});
        }
    }

    /** @param buffers at least two more than stores */
    PartedUpload(
            List<Destination> destinations,
            PartBuffers buffers,
            Retries retries,
            Cancellation cancellation,
            Terms terms) {
        this.lanes = destinations.stream()
                .map(to -> new UploadLane(
                        to.name(), to.session(), to.senders(), laneLimit(terms, buffers, destinations.size())))
                .toList();
        this.buffers = buffers;
        this.retries = retries;
        this.cancellation = cancellation;
        this.terms = terms;
    }

    /** So few that what hangs in all stores but one leaves buffers to go on with: one to fill, the head's, one to send. */
    private static int laneLimit(Terms terms, PartBuffers buffers, int stores) {
        if (stores == 1) {
            return terms.atOnce();
        }
        return Math.max(1, Math.min(terms.atOnce(), (buffers.count() - 3) / (stores - 1)));
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

    /** Waits until every store has got all parts or was left behind. */
    void awaitSent() {
        beginWaiting();
        while (attached().stream().anyMatch(lane -> lane.left() > 0)) {
            whileWaiting();
            ended.await(LOOK_AGAIN_NANOS);
        }
        check();
    }

    /**
     * Makes the object visible in one store, after {@link #awaitSent}; for one thread for each store.
     *
     * @throws SnapshotException as {@link UploadSession#complete}
     */
    PublishOutcome complete(String name, PublishMode mode) {
        UploadLane lane = lane(name);
        return lane.session().complete(lane.parts(), mode);
    }

    /** Stores that were not left behind. */
    Set<String> going() {
        return attached().stream().map(UploadLane::name).collect(Collectors.toSet());
    }

    /** Bytes that have arrived in one store. */
    long bytesArrived(String name) {
        return lane(name).bytesArrived();
    }

    /** Grows with every part that has arrived everywhere, and with what moves of those under way: a sign of life. */
    long moved() {
        long moved = partsArrived;
        for (UploadLane lane : lanes) {
            moved += lane.session().bytesSent() + lane.bytesArrived();
        }
        return moved;
    }

    /** Gives the buffers back once no part is on its way any more; one that is stuck in a store's call keeps its buffer. */
    @Override
    public void close() {
        failure.compareAndSet(null, SnapshotException.cancelled("the upload was closed"));
        lanes.forEach(lane -> lane.end("the upload was closed"));
        long deadline = System.nanoTime() + STUCK_NANOS;
        while (lanes.stream().anyMatch(lane -> lane.underWay() > 0 && !lane.isLeftBehind())
                && System.nanoTime() - deadline < 0) {
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
        beginWaiting();
        return buffers.take(this::whileWaiting);
    }

    private void send(int part, ByteBuffer buffer) {
        check();
        buffer.flip();
        Part shared = new Part(part, buffer, new AtomicInteger(lanes.size()));
        lanes.forEach(lane -> lane.offer(shared, sent -> put(lane, sent), ended::raise));
    }

    /** A part that all lanes send from one buffer. */
    private final class Part implements UploadLane.SharedPart {
        private final int number;
        private final ByteBuffer buffer;
        private final PartDigests digests;
        private final AtomicInteger needed;

        Part(int number, ByteBuffer buffer, AtomicInteger needed) {
            this.number = number;
            this.buffer = buffer;
            this.digests = PartDigests.of(buffer);
            this.needed = needed;
        }

        @Override
        public int number() {
            return number;
        }

        @Override
        public ByteBuffer bytes() {
            return buffer.duplicate();
        }

        @Override
        public PartDigests digests() {
            return digests;
        }

        @Override
        public void release() {
            if (needed.decrementAndGet() == 0) {
                arrived(buffer);
            }
        }
    }

    private PartReceipt put(UploadLane lane, UploadLane.SharedPart part) {
        try (PhaseSpan span = terms.spans().apply(lane.name())) {
            span.bytes(part.bytes().remaining());
            PartReceipt receipt = retries.call("sending part " + part.number(), lane.gone(), () -> {
                requireGoing();
                return lane.arrivedEarlier(part.number(), part.bytes())
                        .orElseGet(() -> lane.session().putPart(part.number(), part.bytes(), part.digests()));
            });
            span.done("part " + part.number());
            return receipt;
        } catch (RuntimeException | Error e) {
            failed(lane, e);
            throw new UploadLane.LaneEnded();
        }
    }

    /** A store's failure is the upload's only if no other one is left. */
    private void failed(UploadLane lane, Throwable e) {
        boolean over = failure.get() != null || cancellation.requested();
        if ((over || !leaveBehind(lane, e)) && !lane.isLeftBehind()) {
            failure.compareAndSet(null, e);
        }
    }

    /** Whether it was done: not so with the last one. */
    private boolean leaveBehind(UploadLane lane, Throwable why) {
        synchronized (lanes) {
            if (lane.isLeftBehind() || attached().size() <= 1) {
                return false;
            }
            lane.leaveBehind();
        }
        lane.end(RegionCalls.reason(why));
        terms.onLeftBehind().accept(lane.name(), why);
        return true;
    }

    private List<UploadLane> attached() {
        return lanes.stream().filter(lane -> !lane.isLeftBehind()).toList();
    }

    private UploadLane lane(String name) {
        return lanes.stream()
                .filter(lane -> lane.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no store of that name: " + name));
    }

    private void beginWaiting() {
        waitingSince = System.nanoTime();
    }

    /** Whoever writes waits: for the store with most left to send, if another one has nothing left. */
    private void whileWaiting() {
        check();
        long now = System.nanoTime();
        long waited = now - waitingSince;
        waitingSince = now;
        List<UploadLane> going = attached();
        if (going.size() < 2 || going.stream().allMatch(lane -> lane.left() > 0)) {
            return;
        }
        going.stream()
                .max(Comparator.comparingInt(UploadLane::left))
                .filter(slowest -> slowest.left() > 0)
                .filter(slowest -> slowest.waited(waited) >= terms.patience().toNanos())
                .ifPresent(slowest -> leaveBehind(
                        slowest,
                        SnapshotException.transientFault(
                                "region " + slowest.name() + " was slower than the others, which have waited "
                                        + terms.patience().toMillis() + " ms for it",
                                null)));
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // a sign of life, not a count
    private void arrived(ByteBuffer buffer) {
        partsArrived++;
        buffers.give(buffer);
    }

    private void check() {
        cancellation.check();
        requireGoing();
    }

    private void requireGoing() {
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
