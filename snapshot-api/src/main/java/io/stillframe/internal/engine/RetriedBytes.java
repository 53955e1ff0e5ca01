package io.stillframe.internal.engine;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;

/** Bytes whose reads are tried again after passing faults, until they are cancelled. As safe for several threads as what it reads. */
record RetriedBytes(ByteSource bytes, Retries retries, Cancellation cancellation) implements ByteSource {
    @Override
    public long size() {
        return bytes.size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        int start = target.position();
        retries.run("reading " + describe(), cancellation, () -> bytes.read(position, target.position(start)));
    }

    @Override
    public Iterator<Extent> extents(ByteRange range) {
        return bytes.extents(range);
    }

    @Override
    public String describe() {
        return bytes.describe();
    }

    @Override
    public void close() {
        bytes.close();
    }
}
