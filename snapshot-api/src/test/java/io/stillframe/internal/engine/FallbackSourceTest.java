package io.stillframe.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every copy that was opened is closed, once, and none is opened for a reader that has closed the disk. */
class FallbackSourceTest {
    private final FakeCopy first = new FakeCopy();
    private final FakeCopy second = new FakeCopy();

    @Test
    void whatWasOpenedIsClosedAndNothingElse() {
        BlockSource disk = open();
        read(disk);
        disk.close();
        assertThat(first.closed).isEqualTo(1);
        assertThat(second.opened).isZero();
        assertThat(second.closed).isZero();
    }

    @Test
    void aCopyThatWasLeftIsClosedToo() {
        BlockSource disk = open();
        first.failure = Optional.of(Kind.TRANSIENT);
        read(disk);
        assertThat(second.opened).isEqualTo(1);
        disk.close();
        assertThat(first.closed).isEqualTo(1);
        assertThat(second.closed).isEqualTo(1);
    }

    @Test
    void oneThatDoesNotCloseKeepsNoOtherOpenAndIsTold() {
        BlockSource disk = open();
        first.failure = Optional.of(Kind.TRANSIENT);
        read(disk);
        first.failureOfClose = Optional.of(Kind.PERMANENT);
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(disk::close)
                .matches(e -> e.kind() == Kind.PERMANENT);
        assertThat(second.closed).isEqualTo(1);
    }

    @Test
    void closedAgainItClosesNothingAgain() {
        BlockSource disk = open();
        disk.close();
        disk.close();
        assertThat(first.closed).isEqualTo(1);
    }

    @Test
    void aReadThatFailsSinceItWasClosedOpensNoOtherCopy() {
        BlockSource disk = open();
        disk.close();
        first.failure = Optional.of(Kind.CONFLICT);
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> read(disk))
                .matches(e -> e.kind() == Kind.CONFLICT);
        assertThat(second.opened).isZero();
    }

    private BlockSource open() {
        return FallbackSource.open(
                List.of(new FallbackSource.Copy("one", first::open), new FallbackSource.Copy("two", second::open)));
    }

    private static void read(BlockSource disk) {
        disk.read(0, ByteBuffer.allocate(1));
    }

    private static final class FakeCopy implements BlockSource {
        private Optional<Kind> failure = Optional.empty();
        private Optional<Kind> failureOfClose = Optional.empty();
        private int opened;
        private int closed;

        BlockSource open() {
            opened++;
            return this;
        }

        @Override
        public long size() {
            return 1;
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            throw new AssertionError("nobody asks for extents here");
        }

        @Override
        public void read(long position, ByteBuffer target) {
            failIf(failure);
            target.put((byte) 1);
        }

        @Override
        public void close() {
            closed++;
            failIf(failureOfClose);
        }

        private static void failIf(Optional<Kind> kind) {
            kind.ifPresent(what -> {
                throw new SnapshotException(what, "as the test wants");
            });
        }
    }
}
