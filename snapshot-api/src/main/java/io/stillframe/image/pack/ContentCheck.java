package io.stillframe.image.pack;

import io.stillframe.image.StreamListener;
import io.stillframe.internal.memory.GrowingBuffer;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Reads, decompresses and digests the selected chunks in several threads. */
final class ContentCheck {
    private static final int MOST_THREADS = 256;

    private final IndexFile file;
    private final Optional<PackResolver> older;
    private final ChunkSelection selection;
    private final Findings findings;
    private final Cancellation cancellation;
    private final StreamListener listener;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private long checked;
    private long rawBytes;
    private long storedBytes;

    ContentCheck(
            IndexFile file,
            Optional<PackResolver> older,
            ChunkSelection selection,
            Findings findings,
            Cancellation cancellation,
            StreamListener listener) {
        this.file = file;
        this.older = older;
        this.selection = selection;
        this.findings = findings;
        this.cancellation = cancellation;
        this.listener = listener;
    }

    synchronized long checked() {
        return checked;
    }

    synchronized long bytesChecked() {
        return rawBytes;
    }

    void run(int threads) {
        if (threads < 1 || threads > MOST_THREADS) {
            throw SnapshotException.invalid("threads must be 1 to " + MOST_THREADS + ", got " + threads);
        }
        ExecutorService executor = Executors.newFixedThreadPool(threads, named());
        try (OpenPacks packs = new OpenPacks(file, older.orElse(ContentCheck::none))) {
            Callable<Void> work = () -> {
                try (Worker worker = new Worker(packs)) {
                    worker.run();
                } catch (Throwable e) {
                    stopped.set(true);
                    throw e;
                }
                return null;
            };
            await(executor.invokeAll(Stream.generate(() -> work).limit(threads).toList()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while verifying", e);
        } finally {
            stopped.set(true);
            executor.shutdownNow();
        }
    }

    private static ThreadFactory named() {
        AtomicInteger number = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, "stillframe-verify-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    private static ByteSource none(PackReference pack) {
        throw SnapshotException.notFound(pack + " is not at hand");
    }

    private static void await(List<Future<Void>> workers) throws InterruptedException {
        for (Future<Void> worker : workers) {
            try {
                worker.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof SnapshotException known) {
                    throw new SnapshotException(known.kind(), String.valueOf(known.getMessage()), known);
                }
                throw SnapshotException.permanent("verifying failed unexpectedly: " + e.getCause(), e);
            }
        }
    }

    private synchronized void count(StoredChunk frame) {
        checked++;
        rawBytes += frame.raw();
        storedBytes += frame.stored();
        listener.onProgress(rawBytes, storedBytes);
    }

    /** One thread's part. */
    private final class Worker implements AutoCloseable {
        private final OpenPacks packs;
        private final FrameReader reader = new FrameReader();
        private final GrowingBuffer raw = new GrowingBuffer();
        private final Map<ChunkDigest, MessageDigest> computations = new EnumMap<>(ChunkDigest.class);

        Worker(OpenPacks packs) {
            this.packs = packs;
        }

        void run() {
            Optional<ChunkSelection.Task> task = selection.next();
            while (task.isPresent() && !stopped.get()) {
                cancellation.check();
                check(task.get());
                task = selection.next();
            }
        }

        private void check(ChunkSelection.Task task) {
            StoredChunk frame = task.page().chunk(task.run(), task.chunk());
            ByteRange range = new ByteRange(frame.offset(), frame.end());
            Optional<ByteSource> pack = pack(frame, range);
            if (pack.isEmpty()) {
                return;
            }
            try {
                reader.decode(
                        pack.get(),
                        frame,
                        task.chunk(),
                        frame.end(),
                        raw.ofLength(task.disk().chunkSize()));
                if (!sameDigest(task)) {
                    findings.add(
                            VerifyFinding.Kind.DIGEST,
                            pack.get().describe(),
                            range,
                            "chunk " + task.chunk() + " of the disk has other content than its digest says");
                }
            } catch (SnapshotException e) {
                findings.addCorrupt(VerifyFinding.Kind.FRAME, pack.get().describe(), range, e);
            }
            count(frame);
        }

        private Optional<ByteSource> pack(StoredChunk frame, ByteRange range) {
            try {
                return Optional.of(packs.get(frame.pack()));
            } catch (SnapshotException e) {
                if (e.kind() == SnapshotException.Kind.NOT_FOUND) {
                    findings.add(
                            VerifyFinding.Kind.PACK,
                            file.pack(frame.pack()).toString(),
                            range,
                            String.valueOf(e.getMessage()));
                } else {
                    findings.addCorrupt(
                            VerifyFinding.Kind.PACK, file.pack(frame.pack()).toString(), range, e);
                }
                return Optional.empty();
            }
        }

        private boolean sameDigest(ChunkSelection.Task task) {
            ChunkDigest digest = task.disk().digest();
            if (digest == ChunkDigest.NONE) {
                return true;
            }
            MessageDigest computation = computations.computeIfAbsent(digest, ChunkDigest::newComputation);
            computation.update(raw.get().flip());
            byte[] found = computation.digest();
            int at = task.page().digestOffset(task.run(), task.chunk());
            return Arrays.equals(task.page().digests(), at, at + found.length, found, 0, found.length);
        }

        @Override
        public void close() {
            reader.close();
            raw.close();
        }
    }
}
