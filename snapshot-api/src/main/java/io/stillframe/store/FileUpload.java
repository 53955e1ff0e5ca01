package io.stillframe.store;

import io.stillframe.internal.file.FileFaults;
import io.stillframe.internal.file.PositionalFile;
import io.stillframe.internal.file.ProcessLock;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An upload into a file. Parts go straight to their place in the body, which becomes the object as it is. The session holds the
 * upload's lock, so that nobody else can write into a body that may already be an object.
 */
final class FileUpload implements UploadSession {
    private static final int STRIPES = 64;

    private final StoreDirectory objects;
    private final StoreCapabilities limits;
    private final UploadFiles files;
    private final UnfinishedUpload upload;
    private final ProcessLock lock;
    private final PositionalFile body;
    private final PositionalFile notes;
    private final PartsFile parts;

    /** Parts are written side by side, while ending waits for all of them. */
    private final ReadWriteLock ending = new ReentrantReadWriteLock();

    /** The same part, sent twice at once, is written one after the other. */
    private final Object[] stripes =
            IntStream.range(0, STRIPES).mapToObj(i -> new Object()).toArray();

    /** What has arrived; null until a resumed upload's parts were verified. Guarded by {@link #parts}. */
    private @Nullable Map<Integer, PartReceipt> arrived;

    private boolean detached;
    private volatile boolean ended;

    private FileUpload(
            StoreDirectory objects,
            StoreCapabilities limits,
            UploadFiles files,
            UnfinishedUpload upload,
            ProcessLock lock,
            boolean resumed)
            throws IOException {
        this.objects = objects;
        this.limits = limits;
        this.files = files;
        this.upload = upload;
        this.lock = lock;
        UploadFiles.createIfAbsent(files.body());
        UploadFiles.createIfAbsent(files.parts());
        this.body = open(files.body());
        try {
            this.notes = open(files.parts());
        } catch (IOException e) {
            body.close();
            throw e;
        }
        this.parts = new PartsFile(notes);
        this.arrived = resumed ? null : new TreeMap<>();
    }

    /**
     * A session on an upload that exists.
     *
     * @param lock the upload's; passes to the session if this call returns
     * @param resumed whether parts may have arrived before
     */
    static FileUpload open(
            StoreDirectory objects,
            StoreCapabilities limits,
            UploadFiles files,
            UnfinishedUpload upload,
            ProcessLock lock,
            boolean resumed)
            throws IOException {
        return new FileUpload(objects, limits, files, upload, lock, resumed);
    }

    @Override
    public UploadToken token() {
        return upload.token();
    }

    @Override
    public PartReceipt putPart(int number, ByteBuffer bytes) {
        StoreArguments.requirePart(number, bytes, token().layout(), limits);
        ending.readLock().lock();
        try {
            requireUnfinished();
            synchronized (stripes[number % STRIPES]) {
                body.write(token().layout().offsetOf(number), bytes.duplicate());
                return note(PartsFile.receipt(number, bytes));
            }
        } catch (IOException e) {
            throw FileFaults.of("cannot store part " + number + " of object " + token().key(), e);
        } finally {
            ending.readLock().unlock();
        }
    }

    @Override
    public List<PartReceipt> arrived() {
        requireUnfinished();
        synchronized (parts) {
            return List.copyOf(known().values());
        }
    }

    @Override
    public boolean holds(PartReceipt part, ByteBuffer bytes) {
        return PartsFile.receipt(part.number(), bytes).equals(part);
    }

    @Override
    public PublishOutcome complete(List<PartReceipt> wanted, PublishMode mode) {
        ending.writeLock().lock();
        try {
            requireUnfinished();
            synchronized (parts) {
                long size = StoreArguments.requireComplete(token().key(), wanted, known(), token().layout());
                body.resize(size);
            }
            return publish(mode);
        } catch (IOException e) {
            throw FileFaults.of("cannot complete object " + token().key(), e);
        } finally {
            ending.writeLock().unlock();
        }
    }

    @Override
    public void detach() {
        detached = true;
    }

    @Override
    public void close() {
        ending.writeLock().lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            closeFiles();
            if (!detached) {
                files.remove();
            }
        } catch (IOException e) {
            throw FileFaults.of("cannot abort the upload of " + token().key(), e);
        } finally {
            lock.close();
            ending.writeLock().unlock();
        }
    }

    private PublishOutcome publish(PublishMode mode) throws IOException {
        PublishOutcome outcome;
        try {
            outcome = objects.publish(token().key(), files.body(), mode);
        } catch (SnapshotException e) {
            if (e.kind() == Kind.OUTCOME_UNKNOWN) {
                // The body is the object now: nothing may be written to it any more.
                end();
            }
            throw e;
        }
        end();
        return outcome;
    }

    /** What is left over here does no harm: it is found and removed as an upload that has ended. */
    private void end() {
        ended = true;
        try {
            closeFiles();
            files.remove();
        } catch (IOException e) {
            // The object is published; its success must not be taken back.
        } finally {
            lock.close();
        }
    }

    private void closeFiles() throws IOException {
        try {
            body.close();
        } finally {
            notes.close();
        }
    }

    private PartReceipt note(PartReceipt part) throws IOException {
        synchronized (parts) {
            parts.add(part);
            if (arrived != null) {
                arrived.put(part.number(), part);
            }
            return part;
        }
    }

    /** Guarded by {@link #parts}. */
    private Map<Integer, PartReceipt> known() {
        Map<Integer, PartReceipt> known = arrived;
        if (known == null) {
            try {
                known = parts.verified(body, token().layout());
            } catch (IOException e) {
                throw FileFaults.of("cannot verify the parts of object " + token().key(), e);
            }
            arrived = known;
        }
        return known;
    }

    private void requireUnfinished() {
        if (ended) {
            throw ended(token());
        }
    }

    static SnapshotException ended(UploadToken token) {
        return SnapshotException.notFound("the upload of object " + token.key() + " was completed or aborted");
    }

    private static PositionalFile open(Path file) throws IOException {
        return PositionalFile.open(
                file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE), () -> Files.size(file));
    }
}
