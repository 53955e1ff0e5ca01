package io.stillframe.internal.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An exclusive lock on a file, among threads and among processes. The system drops it when the process ends, however it ends.
 *
 * <p>POSIX drops a process's locks on a file as soon as the process closes <em>any</em> descriptor of it. So a descriptor of a lock file
 * is open only while this class holds the file for one owner of this process, which is what the table of held files is for; it is
 * keyed by the file itself, not by one of its paths. The table is per class loader: load the library once per process. Lock files
 * must not be opened by anything else, and be removed by their owner only.
 */
public final class ProcessLock implements AutoCloseable {
    private static final long SHORTEST_PAUSE = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

    private enum State {
        OWNED,
        /** Its descriptor is being closed; if the file was removed, the system may already have given its identity to a new one. */
        CLOSING
    }

    /** Files that this process has locked or is about to; guarded by itself. An entry lives as long as its owner's descriptor. */
    private static final Map<Object, State> HELD = new HashMap<>();

    private final Object key;
    private final FileChannel channel;
    private boolean closed;

    private ProcessLock(Object key, FileChannel channel) {
        this.key = key;
        this.channel = channel;
    }

    /**
     * Locks a file, which is created if it does not exist. Interrupts are kept for later.
     *
     * @param patience how long to wait for other owners; zero for one try
     * @return the lock, closed by the caller on any thread; empty if another owner has it for longer. It is the file's that has the name:
     *     while it is held, only its owner removes that
     * @throws NoSuchFileException if its owner removed the file meanwhile
     */
    public static Optional<ProcessLock> acquire(Path file, Duration patience) throws IOException {
        createIfAbsent(file);
        return acquireExisting(file, patience);
    }

    /**
     * Locks a file that exists; otherwise as {@link #acquire}.
     *
     * @throws NoSuchFileException if it does not exist
     */
    public static Optional<ProcessLock> acquireExisting(Path file, Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        Object key = keyOf(file);
        if (!hold(key, deadline)) {
            return Optional.empty();
        }
        Optional<ProcessLock> lock = Optional.empty();
        try {
            lock = locked(file, key, deadline);
            return lock;
        } finally {
            if (lock.isEmpty()) {
                drop(key);
            }
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        synchronized (HELD) {
            HELD.put(key, State.CLOSING);
        }
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is gone all the same, and the lock with it.
        } finally {
            drop(key);
        }
    }

    private static Optional<ProcessLock> locked(Path file, Object key, long deadline) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        try {
            long pause = SHORTEST_PAUSE;
            while (!locked(channel)) {
                if (System.nanoTime() - deadline >= 0) {
                    channel.close();
                    return Optional.empty();
                }
                LockSupport.parkNanos(pause);
                pause = Math.min(LONGEST_PAUSE, pause * 2);
            }
            if (!keyOf(file).equals(key)) {
                throw new NoSuchFileException(
                        file.toString(), null, "the lock file was replaced while it was being locked");
            }
            return Optional.of(new ProcessLock(key, channel));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            // Held through another class loader of this process.
            return false;
        }
    }

    private static boolean hold(Object key, long deadline) {
        boolean interrupted = false;
        try {
            synchronized (HELD) {
                State held = HELD.putIfAbsent(key, State.OWNED);
                while (held != null) {
                    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    if (left <= 0 && held == State.OWNED) {
                        return false;
                    }
                    try {
                        // Whoever lets go is waited for however little patience there is: it takes no time that counts.
                        HELD.wait(held == State.OWNED ? left : 0);
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                    held = HELD.putIfAbsent(key, State.OWNED);
                }
                return true;
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void drop(Object key) {
        synchronized (HELD) {
            HELD.remove(key);
            HELD.notifyAll();
        }
    }

    private static void createIfAbsent(Path file) throws IOException {
        try {
            if (Files.notExists(file)) {
                // Fails without opening it if somebody else was faster.
                Files.createFile(file);
            }
        } catch (FileAlreadyExistsException e) {
            // As wanted.
        }
    }

    /** The file's own identity; its real path where the file system does not tell one. */
    private static Object keyOf(Path file) throws IOException {
        Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        return key != null ? key : file.toRealPath();
    }
}
