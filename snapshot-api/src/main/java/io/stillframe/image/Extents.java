package io.stillframe.image;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import java.util.Iterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What can be said of a disk from its extents alone. */
public final class Extents {
    private Extents() {}

    /** Hands all extents of the disk to {@code consumer} in order, neighbours of one kind joined. Throws as the source does. */
    public static void forEach(BlockSource source, Cancellation cancellation, Consumer<Extent> consumer) {
        Iterator<Extent> extents = source.extents(new ByteRange(0, source.size()));
        @Nullable Extent last = null;
        while (extents.hasNext()) {
            cancellation.check();
            Extent next = extents.next();
            if (last != null && last.kind() == next.kind()) {
                next = new Extent(
                        new ByteRange(last.range().start(), next.range().end()), next.kind());
            } else if (last != null) {
                consumer.accept(last);
            }
            last = next;
        }
        if (last != null) {
            consumer.accept(last);
        }
    }

    /** Bytes of the disk that hold data and would be read: the total that a stream's progress runs up to. Throws as the source does. */
    public static long dataBytes(BlockSource source, Cancellation cancellation) {
        long total = 0;
        Iterator<Extent> extents = source.extents(new ByteRange(0, source.size()));
        while (extents.hasNext()) {
            cancellation.check();
            Extent extent = extents.next();
            total += extent.isData() ? extent.range().length() : 0;
        }
        return total;
    }
}
