package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import java.nio.ByteBuffer;

/** A disk of a simulated instance that is being launched, while it is filled. */
final class LaunchedDisk implements BlockTarget {
    private enum State {
        OPEN,
        FINISHED,
        CLOSED
    }

    private final SimulatedHost host;
    private final String name;
    private final PagedDisk content;
    private long written;
    private State state = State.OPEN;

    LaunchedDisk(SimulatedHost host, String name, long size) {
        this.host = host;
        this.name = name;
        this.content = PagedDisk.empty(size);
    }

    /** A disk that is filled already: with the pages of another one, of the same size or smaller. */
    static LaunchedDisk cloned(SimulatedHost host, String name, long size, PageTree origin, long originSize) {
        LaunchedDisk disk = new LaunchedDisk(host, name, size);
        long end = (originSize + PageTree.PAGE - 1) / PageTree.PAGE;
        for (long page = origin.nextWritten(0, end); page < end; page = origin.nextWritten(page + 1, end)) {
            byte[] bytes = origin.get(page);
            if (bytes != null) {
                long start = page * PageTree.PAGE;
                int length = (int) Math.min(bytes.length, originSize - start);
                disk.content.write(start, ByteBuffer.wrap(bytes, 0, length));
            }
        }
        disk.state = State.FINISHED;
        return disk;
    }

    @Override
    public long size() {
        return content.size();
    }

    @Override
    public void write(long position, ByteBuffer source) {
        change(() -> {
            PagedDisk.checkRange(position, source.remaining(), content.size());
            if (position < written) {
                throw SnapshotException.invalid("writes ascend: " + position + " is before " + written);
            }
            written = position + source.remaining();
            content.write(position, source);
        });
    }

    @Override
    public void finish() {
        change(() -> state = State.FINISHED);
    }

    @Override
    public void close() {
        host.run(() -> state = state == State.OPEN ? State.CLOSED : state);
    }

    /** Its content. Under the host's lock. */
    PagedDisk finished() {
        if (state != State.FINISHED) {
            throw SnapshotException.invalid("disk of the launch of '" + name + "' was not filled to its end");
        }
        return content;
    }

    private void change(Runnable effect) {
        host.faults()
                .around(
                        SimulatedOperation.WRITE_DISK,
                        new Cancellation(),
                        () -> host.act(() -> {
                            host.checkUp();
                            if (state != State.OPEN) {
                                throw SnapshotException.invalid(
                                        "disk of the launch of '" + name + "' was finished or closed before");
                            }
                            effect.run();
                            return this;
                        }));
    }
}
