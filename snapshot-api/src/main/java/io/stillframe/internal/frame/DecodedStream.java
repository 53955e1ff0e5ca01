package io.stillframe.internal.frame;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.io.InputStream;

/**
 * A decoder's output with its failures told apart: what goes wrong beneath it is PERMANENT, what it finds wrong is CORRUPT, what it
 * cannot do is UNSUPPORTED. For one thread at a time.
 */
public final class DecodedStream extends InputStream {
    /** Starts a decoder. */
    public interface Decoding {
        /** A decoder that throws an IOException, or any RuntimeException, for what breaks its format. */
        InputStream start(InputStream stored) throws IOException;
    }

    private final InputStream stored;
    private final Decoding decoding;
    private boolean started;
    private InputStream decoder = InputStream.nullInputStream();

    /** @param stored not closed */
    public DecodedStream(InputStream stored, Decoding decoding) {
        this.stored = new Beneath(stored);
        this.decoding = decoding;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        int count = read(one, 0, 1);
        return count < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        try {
            if (!started) {
                started = true;
                decoder = decoding.start(stored);
            }
            return decoder.read(target, offset, length);
        } catch (SnapshotException e) {
            throw e;
        } catch (org.tukaani.xz.UnsupportedOptionsException | org.tukaani.xz.MemoryLimitException e) {
            throw new SnapshotException(SnapshotException.Kind.UNSUPPORTED, "needs what is not supported: " + e, e);
        } catch (IOException | RuntimeException e) {
            throw new SnapshotException(SnapshotException.Kind.CORRUPT, "decompression failed: " + e.getMessage(), e);
        }
    }

    /** Lets failures of the source through, whatever the decoder makes of an IOException. */
    private static final class Beneath extends InputStream {
        private final InputStream stored;

        Beneath(InputStream stored) {
            this.stored = stored;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            int count = read(one, 0, 1);
            return count < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            try {
                return stored.read(target, offset, length);
            } catch (IOException e) {
                throw SnapshotException.permanent("reading the compressed bytes failed: " + e.getMessage(), e);
            }
        }
    }
}
