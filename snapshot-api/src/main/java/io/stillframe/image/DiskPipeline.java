package io.stillframe.image;

import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs one disk's units through parallel work and hands them over in disk order. The calling thread plans units into a fixed ring of
 * slots and consumes them in order; worker threads take planned slots, also in order, so that the oldest unfinished unit is always in
 * somebody's hands. While a foreign executor has no thread for the stream, the caller works on the oldest unit itself, so that a busy
 * executor slows a stream down and never blocks it.
 *
 * @param <S> the slots
 */
final class DiskPipeline<S extends DiskPipeline.Slot> {
    /** What passes through the ring. */
    interface Slot {
        UnitSlot unit();
    }

    /** One thread's part of the parallel work. */
    interface Work<S> extends AutoCloseable {
        void process(S slot);

        @Override
        void close();
    }

    /** Takes everything in disk order, in the calling thread. */
    interface Sequence<S> {
        void zeros(ByteRange range);

        void unit(S slot);
    }

    private final BlockSource source;
    private final int unit;
    private final Cancellation cancellation;
    private final Supplier<Work<S>> works;
    private final Sequence<S> sequence;
    private final UnitRing<S> ring;

    DiskPipeline(
            BlockSource source,
            int unit,
            List<S> slots,
            Supplier<Work<S>> works,
            Sequence<S> sequence,
            Cancellation cancellation) {
        this.source = source;
        this.unit = unit;
        this.works = works;
        this.sequence = sequence;
        this.cancellation = cancellation;
        this.ring = new UnitRing<>(slots, cancellation);
    }

    /**
     * Runs to the end. When it returns or throws, no worker is active any more; if one cannot be stopped, the memory is abandoned to
     * the collector, because that worker may still write to it.
     */
    void run(int threads, Optional<Executor> executor, DirectMemory memory) {
        Workers workers = new Workers(ring::stopped, ring::fail);
        try {
            cancellation.check();
            workers.start(threads, executor, this::work);
            consume(workers);
            ring.end();
        } catch (Throwable e) {
            ring.fail(e);
            throw ring.failure(e);
        } finally {
            ring.end();
            if (!workers.stop()) {
                memory.abandon();
            }
        }
    }

    private void consume(Workers workers) {
        UnitPlanner planner = new UnitPlanner(source, unit, cancellation);
        try (OwnWork own = new OwnWork()) {
            boolean more = true;
            while (true) {
                more = more && plan(planner);
                S slot = ring.oldest();
                if (slot == null) {
                    break;
                }
                if (workers.absent() && ring.claimOldest()) {
                    own.process(slot);
                }
                ring.awaitDone(slot);
                cancellation.check();
                sequence.zeros(slot.unit().zerosBefore());
                sequence.unit(slot);
                ring.release();
            }
            sequence.zeros(planner.rest());
        }
    }

    /** Fills all free slots; false if there is nothing left to plan. */
    private boolean plan(UnitPlanner planner) {
        for (S slot = ring.free(); slot != null; slot = ring.free()) {
            if (!planner.next(slot.unit())) {
                return false;
            }
            ring.planned();
        }
        return true;
    }

    private void work() {
        try (Work<S> work = works.get()) {
            for (S slot = ring.claim(); slot != null; slot = ring.claim()) {
                process(work, slot);
            }
        }
    }

    private void process(Work<S> work, S slot) {
        cancellation.check();
        slot.unit().load(source);
        work.process(slot);
        ring.done(slot);
    }

    /** The calling thread's own work, made only if it is needed. */
    private final class OwnWork implements AutoCloseable {
        private @Nullable Work<S> work;

        void process(S slot) {
            if (work == null) {
                work = works.get();
            }
            DiskPipeline.this.process(work, slot);
        }

        @Override
        public void close() {
            if (work != null) {
                work.close();
            }
        }
    }

    /** How many slots fit: two for each thread and two more, or what the limit allows. */
    static int slots(int threads, long slotBytes, long memoryLimit) {
        long fit = memoryLimit / slotBytes;
        if (fit < 1) {
            throw SnapshotException.invalid(
                    "the stream's memory limit of " + memoryLimit + " bytes must hold at least one slot of " + slotBytes
                            + " bytes; raise it or choose smaller chunks");
        }
        return (int) Math.min(fit, 2L * threads + 2);
    }
}
