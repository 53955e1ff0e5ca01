package io.stillframe.image;

import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.image.StreamSettings.StoredChecksum;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The ordered end of an image stream: joins zeros, appends chunks, and sums up. */
final class ImageSequence implements DiskPipeline.Sequence<ImageSlot> {
    private final ImageWriter writer;
    private final StreamTarget target;
    private final Optional<Crc32c> checksum;
    private final CountedBody body;
    private final ContentDigest content;
    private final boolean digest;
    private final StreamListener listener;
    private long appended;
    private long seen;
    private long bytesRead;

    ImageSequence(
            long size, ImageWriter writer, StreamTarget target, StreamSettings settings, StreamListener listener) {
        this.writer = writer;
        this.target = target;
        this.checksum = settings.checksum() == StoredChecksum.ON ? Optional.of(new Crc32c()) : Optional.empty();
        this.body = new CountedBody(target, checksum);
        this.content = new ContentDigest(size);
        this.digest = settings.digest() == ContentDigesting.ON;
        this.listener = listener;
    }

    void begin() {
        target.begin(writer.headLength());
        writer.begin(body);
    }

    @Override
    public void zeros(ByteRange range) {
        seen = range.end();
    }

    @Override
    public void unit(ImageSlot slot) {
        UnitSlot unit = slot.unit();
        for (int at = 0; at < unit.length(); at += slot.chunk()) {
            EncodedChunk chunk = slot.encoded(at);
            seen = unit.position() + at;
            if (chunk != null) {
                flushZeros();
                writer.append(chunk, body);
                seen += chunk.rawLength();
                appended = seen;
            }
        }
        seen = unit.position() + unit.length();
        if (digest) {
            unit.addDigestsTo(content);
        }
        bytesRead += unit.dataBytes();
        listener.onProgress(bytesRead, body.length());
    }

    /** Zeros are held back until something else comes, so that neighbouring runs reach the writer as one. */
    private void flushZeros() {
        if (appended < seen) {
            writer.appendZeros(new ByteRange(appended, seen), body);
            appended = seen;
        }
    }

    StreamResult finish() {
        flushZeros();
        ByteBuffer head = writer.finish(body);
        int headLength = head.remaining();
        if (headLength != writer.headLength()) {
            throw SnapshotException.permanent(
                    "the codec announced a head of " + writer.headLength() + " bytes and returned " + headLength, null);
        }
        int ofHead = Crc32c.of(head.duplicate());
        target.head(head);
        listener.onProgress(bytesRead, headLength + body.length());
        return new StreamResult(
                bytesRead,
                headLength + body.length(),
                digest ? Optional.of(content.finish()) : Optional.empty(),
                checksum.map(sum -> Crc32c.digest(Crc32c.combine(ofHead, sum.value(), body.length()))));
    }
}
