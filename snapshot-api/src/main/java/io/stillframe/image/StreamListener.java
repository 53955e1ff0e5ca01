package io.stillframe.image;

/**
 * Watches a stream's progress. Called from the thread that runs the stream, about once per chunk and never concurrently; must return
 * at once and not throw. Lack of calls is lack of progress: the core measures no time, the caller judges what a stall is.
 */
@FunctionalInterface
public interface StreamListener {
    /**
     * Says how far the stream is. Both counts only grow.
     *
     * @param bytesRead bytes of data read from the disk and passed on, without holes and known zeros
     * @param bytesStored bytes handed to the target
     */
    void onProgress(long bytesRead, long bytesStored);

    /**
     * Called before the first {@link #onProgress} where the total is known, as by {@link Images#convert}.
     *
     * @param bytes of data that will be read
     */
    default void onTotal(long bytes) {}

    /** Listens to nothing. */
    static StreamListener none() {
        return (bytesRead, bytesStored) -> {};
    }
}
