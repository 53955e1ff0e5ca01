package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.contract.CountingByteSource;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What tests of a codec do with images that they changed by hand. */
public abstract class CraftedImages {
    protected final ImageCodec codec;

    protected CraftedImages(ImageCodec codec) {
        this.codec = codec;
    }

    protected final BlockSource open(ByteBuffer image) {
        return codec.open(List.of(new ImageCodec.Layer(source(image), codec)));
    }

    protected final ImageCheck check(ByteBuffer image) {
        return codec.check(source(image), new Cancellation());
    }

    /** A copy, so that the image can be changed further. */
    protected static CountingByteSource source(ByteBuffer image) {
        return new CountingByteSource(image.array().clone());
    }

    /** Goes through all extents. */
    protected static void drain(BlockSource disk) {
        Iterator<Extent> extents = disk.extents(new ByteRange(0, disk.size()));
        while (extents.hasNext()) {
            extents.next();
        }
    }

    protected static byte[] bytes(BlockSource disk, long position, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        disk.read(position, bytes);
        return bytes.array();
    }

    protected static void assertFails(Kind kind, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
