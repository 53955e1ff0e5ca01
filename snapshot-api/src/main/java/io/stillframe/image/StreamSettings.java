package io.stillframe.image;

import io.stillframe.model.SnapshotException;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * How much of the machine a stream may use. Immutable.
 *
 * <p>Memory of one stream: {@code slots x (unit + unit / chunk x maxEncoded)} bytes of direct memory, where {@code unit} is the larger
 * of 1 MiB and the codec's chunk size, {@code chunk} and {@code maxEncoded} are the codec's, and {@code slots} is {@code 2 x threads +
 * 2} or fewer if the limit demands it. To this come the codec's encoders, one for each thread. With two threads and 1 MiB chunks that
 * is about 12 MiB. Nothing grows with the disk.
 *
 * @param threads worker threads that read, test, digest and encode, 1 to 256; the calling thread writes and helps out
 * @param memoryLimit most bytes of direct memory for the slots; a stream that cannot have one slot within it is refused
 * @param digest whether the content digest is computed
 * @param checksum whether the stored image's checksum is computed
 * @param executor runs the workers; it may have fewer threads than asked for, even none that are free. The stream's own threads,
 *     named {@code stillframe-stream-N}, if empty
 */
public record StreamSettings(
        int threads, long memoryLimit, ContentDigesting digest, StoredChecksum checksum, Optional<Executor> executor) {
    private static final int MOST_THREADS = 256;
    private static final long DEFAULT_MEMORY = 128L << 20;

    /** Whether to compute the content digest. */
    public enum ContentDigesting {
        /** The result carries {@link io.stillframe.model.Digest#CONTENT}. */
        ON,
        /** The result carries none; saves about as much time as compression at the fastest level takes. */
        OFF
    }

    /** Whether to compute the checksum of the stored image. */
    public enum StoredChecksum {
        /** The result carries {@link io.stillframe.model.Digest#STORED}, for whoever moves or keeps the image. */
        ON,
        /** The result carries none; the thread that writes has a little less to do. */
        OFF
    }

    public StreamSettings {
        if (threads < 1 || threads > MOST_THREADS) {
            throw SnapshotException.invalid("threads must be 1 to " + MOST_THREADS + ", got " + threads);
        }
        if (memoryLimit < 1) {
            throw SnapshotException.invalid("the memory limit must be at least 1 byte, got " + memoryLimit);
        }
    }

    /** A thread for each processor, 128 MiB, content digest and checksum on, own threads. */
    public static StreamSettings ofDefaults() {
        int processors = Runtime.getRuntime().availableProcessors();
        return new StreamSettings(
                Math.min(processors, MOST_THREADS),
                DEFAULT_MEMORY,
                ContentDigesting.ON,
                StoredChecksum.ON,
                Optional.empty());
    }

    public StreamSettings withThreads(int value) {
        return new StreamSettings(value, memoryLimit, digest, checksum, executor);
    }

    public StreamSettings withMemoryLimit(long bytes) {
        return new StreamSettings(threads, bytes, digest, checksum, executor);
    }

    public StreamSettings withDigest(ContentDigesting value) {
        return new StreamSettings(threads, memoryLimit, value, checksum, executor);
    }

    public StreamSettings withChecksum(StoredChecksum value) {
        return new StreamSettings(threads, memoryLimit, digest, value, executor);
    }

    public StreamSettings withExecutor(Executor value) {
        return new StreamSettings(threads, memoryLimit, digest, checksum, Optional.of(value));
    }
}
