package io.stillframe.spi;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One parted upload. {@link #putPart} is safe for use by several threads; the others are for the one owner.
 */
public interface UploadSession extends AutoCloseable {
    /** Resumes this upload elsewhere, for as long as it is neither completed nor aborted. */
    UploadToken token();

    /**
     * Sends one part; in any order, also several at once. A part sent again replaces the earlier one.
     *
     * @param number from 1
     * @param bytes from position to limit exactly {@code layout.sizeOf(number)}, or less, but at least one
     *     byte, for the object's last part; left unchanged, so
     *     that the call can be made again
     * @throws io.stillframe.model.SnapshotException INVALID if the size does not fit the layout; THROTTLED, TRANSIENT, PERMANENT;
     *     NOT_FOUND if the upload is gone
     */
    PartReceipt putPart(int number, ByteBuffer bytes);

    /**
     * The same for a part that is sent to several stores: a digest that they need of it is computed once for all of them. By default they
     * share nothing.
     *
     * @param digests of exactly these bytes
     */
    default PartReceipt putPart(int number, ByteBuffer bytes, PartDigests digests) {
        return putPart(number, bytes);
    }

    /**
     * Bytes of parts that have left for the server so far, those sent again included: grows while a part under way moves, as a sign of
     * life. 0 where the implementation does not count; safe for use by several threads.
     */
    default long bytesSent() {
        return 0;
    }

    /** The parts that have arrived, by number, as the store says. */
    List<PartReceipt> arrived();

    /**
     * Whether a part that has arrived is known to have exactly these bytes, by what the store tells of its content. Who resumes an
     * upload sends the parts again of which it is not.
     *
     * @param part one of {@link #arrived}
     * @param bytes from position to limit; left unchanged
     * @return false also where the store tells nothing
     */
    default boolean holds(PartReceipt part, ByteBuffer bytes) {
        return false;
    }

    /**
     * Makes the object of exactly these parts visible, whole or not at all.
     *
     * @param parts numbers 1 to n without gap; none for an empty object
     * @throws io.stillframe.model.SnapshotException OUTCOME_UNKNOWN when it may have happened; look with {@link ObjectStore#stat}
     */
    PublishOutcome complete(List<PartReceipt> parts, PublishMode mode);

    /** Leaves the upload unfinished for another process: {@link #close} will not abort it. */
    void detach();

    /** Aborts the upload and removes its parts, unless it was completed or detached. Idempotent. */
    @Override
    void close();
}
