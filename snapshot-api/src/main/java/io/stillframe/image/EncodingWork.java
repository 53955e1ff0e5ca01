package io.stillframe.image;

import io.stillframe.spi.ChunkEncoder;
import java.security.MessageDigest;

/** One thread's digest and encoder. */
final class EncodingWork implements DiskPipeline.Work<ImageSlot> {
    private final ChunkEncoder encoder;
    private final MessageDigest sha = ContentDigest.sha256();
    private final boolean digest;

    /** @param encoder owned by this work */
    EncodingWork(ChunkEncoder encoder, boolean digest) {
        this.encoder = encoder;
        this.digest = digest;
    }

    @Override
    public void process(ImageSlot slot) {
        if (digest) {
            slot.unit().digest(sha);
        }
        slot.encode(encoder, digest);
    }

    @Override
    public void close() {
        encoder.close();
    }
}
