package io.stillframe.internal.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.internal.frame.Decompressor;
import io.stillframe.internal.frame.FrameBlocks;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.spi.contract.CountingByteSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReaderPoolTest {
    private final List<Counted> made = new ArrayList<>();
    private final ReaderPool<Counted> pool = new ReaderPool<>(this::make, 2);

    private Counted make() {
        Counted reader = new Counted();
        made.add(reader);
        return reader;
    }

    private static final class Counted implements ReaderPool.Reader {
        private int closed;
        private int kept;

        @Override
        public void close() {
            closed++;
        }
    }

    @Test
    void freesAReaderThatComesBackAfterTheEnd() {
        Counted idle = pool.borrow(any -> true);
        Counted lent = pool.borrow(any -> true);
        pool.giveBack(idle);
        pool.close();
        assertThat(idle.closed).isOne();
        assertThat(lent.closed).isZero();

        pool.giveBack(lent);
        assertThat(lent.closed).isOne();

        pool.close();
        assertThat(made).extracting(reader -> reader.closed).containsExactly(1, 1);
    }

    @Test
    void keepsNoMoreThanItMay() {
        List<Counted> lent = List.of(pool.borrow(any -> true), pool.borrow(any -> true), pool.borrow(any -> true));
        lent.forEach(pool::giveBack);
        assertThat(lent).extracting(reader -> reader.closed).containsExactly(0, 0, 1);
    }

    @Test
    void lendsTheOneThatFitsElseTheOneUnusedForLongest() {
        Counted first = pool.borrow(any -> true);
        Counted second = pool.borrow(any -> true);
        second.kept = 7;
        pool.giveBack(first);
        pool.giveBack(second);
        assertThat(pool.borrow(reader -> reader.kept == 7)).isSameAs(second);
        pool.giveBack(second);
        assertThat(pool.borrow(reader -> reader.kept == 8)).isSameAs(first);
        assertThat(pool.borrow(reader -> reader.kept == 8)).isSameAs(second);
        assertThat(made).hasSize(2);
    }

    /** The disk's owner ends while a read is under way. */
    @Test
    void aDiskInFramesFreesTheReaderThatWasOutWhenItWasClosed() {
        List<AtomicInteger> decompressors = new ArrayList<>();
        FrameTable frames = new FrameTable();
        frames.add(8, 8, false);
        List<FrameBlocks> disks = new ArrayList<>();
        FrameBlocks disk = new FrameBlocks(new CountingByteSource(new byte[8]), frames, () -> {
            AtomicInteger closed = new AtomicInteger();
            decompressors.add(closed);
            return new ClosingDecompressor(() -> disks.get(0).close(), closed);
        });
        disks.add(disk);

        disk.read(0, ByteBuffer.allocateDirect(8));

        assertThat(decompressors).extracting(AtomicInteger::get).containsExactly(1);
    }

    private record ClosingDecompressor(Runnable meanwhile, AtomicInteger closed) implements Decompressor {
        @Override
        public void decompress(ByteBuffer source, ByteBuffer target, int length) {
            meanwhile.run();
            target.put(source);
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }
}
