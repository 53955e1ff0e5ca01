package io.stillframe.spi;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Optional;

/**
 * A place for objects: whole or absent, never partial. Safe for use by several threads; closed by whoever opened it.
 *
 * <p>Unless said otherwise, methods throw {@link io.stillframe.model.SnapshotException}: THROTTLED and TRANSIENT when trying again can
 * help, PERMANENT when not (wrong credentials, missing bucket, full disk), never naming secrets.
 */
public interface ObjectStore extends AutoCloseable {
    /** Where it is, without secrets, in the form that it can be opened with again. */
    String uri();

    /** What it can do; constant while open. */
    StoreCapabilities capabilities();

    /**
     * Finds out what the endpoint really does, where that can differ between servers that speak the same protocol. May publish and
     * remove small objects of its own below the store's prefix; changes nothing about this store: give the result to the next one's
     * configuration.
     *
     * @return what was found; {@link #capabilities()} where there is nothing to find out
     */
    default StoreCapabilities probe() {
        return capabilities();
    }

    /** The object, if it exists. */
    Optional<ObjectStat> stat(ObjectKey key);

    /**
     * Opens an object for ranged reads, pinned to the version that exists now.
     *
     * @return closed by the caller
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if it does not exist
     */
    ByteSource open(ObjectKey key);

    /**
     * Publishes a small object in one request.
     *
     * @param bytes from position to limit, at most 64 MiB; left unchanged
     */
    PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options);

    /**
     * Begins a parted upload.
     *
     * @param layout within the capabilities' limits, else INVALID
     * @return closed by the caller
     */
    UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options);

    /**
     * Goes on with an upload begun elsewhere.
     *
     * @return closed by the caller, which aborts it like any other
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if it was completed or aborted; CONFLICT if the store sees that a living
     *     session works on it; UNSUPPORTED without RESUME
     */
    UploadSession resumeUpload(UploadToken token);

    /**
     * Lists objects whose key starts with {@code prefix}, in the order of the keys' UTF-8 bytes.
     *
     * @param prefix any text, may be empty
     * @param after the token from the page before; empty for the first
     * @param limit most items on the page, 1 to 1000; a page may hold fewer and still have a next
     */
    Page<ObjectStat> list(String prefix, Optional<String> after, int limit);

    /** Removes objects; those that do not exist count as removed. Fails if any one stays, naming it. */
    void delete(Collection<ObjectKey> keys);

    /** Lists unfinished uploads whose key starts with {@code prefix}. UNSUPPORTED without LIST_UPLOADS. */
    Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit);

    @Override
    void close();
}
