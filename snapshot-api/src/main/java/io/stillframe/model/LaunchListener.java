package io.stillframe.model;

/** Hears how a launch gets on. Called by the launch's own threads, at most a few times a second; must be quick and must not throw. */
@FunctionalInterface
public interface LaunchListener {
    /**
     * The launch got on.
     *
     * @param device the disk that is being restored
     * @param progress bytes of data to be read, read and written over all disks of the launch
     */
    void onProgress(String device, Progress progress);

    /** Hears nothing. */
    static LaunchListener none() {
        return (device, progress) -> {};
    }
}
