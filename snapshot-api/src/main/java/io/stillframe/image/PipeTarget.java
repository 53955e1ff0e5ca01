package io.stillframe.image;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Writes an image without head to a stream as it comes. For one thread at a time. */
final class PipeTarget implements StreamTarget {
    private final OutputStream stream;
    private final byte[] block = new byte[256 * 1024];

    /** @param stream flushed at the end, stays open */
    PipeTarget(OutputStream stream) {
        this.stream = stream;
    }

    @Override
    public void begin(int headLength) {
        if (headLength != 0) {
            throw SnapshotException.unsupported(
                    "this format's first " + headLength + " bytes are known last, so it cannot go to a pipe");
        }
    }

    @Override
    public void body(ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                int count = Math.min(block.length, bytes.remaining());
                bytes.get(block, 0, count);
                stream.write(block, 0, count);
            }
        } catch (IOException e) {
            throw broken(e);
        }
    }

    @Override
    public void head(ByteBuffer head) {
        try {
            stream.flush();
        } catch (IOException e) {
            throw broken(e);
        }
    }

    private static SnapshotException broken(IOException cause) {
        return SnapshotException.permanent("the pipe's reader is gone: " + cause.getMessage(), cause);
    }
}
