package io.stillframe.internal.image;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import io.stillframe.spi.StoredExtent.Storage;
import java.util.Iterator;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/** Joins neighbouring pieces of a disk, as an image's tables give them, into extents. For one thread at a time. */
public final class JoinedExtents implements Iterator<StoredExtent> {
    private final Iterator<StoredExtent> pieces;
    private final BiPredicate<StoredExtent, StoredExtent> joins;
    private @Nullable StoredExtent pending;

    private JoinedExtents(Iterator<StoredExtent> pieces, BiPredicate<StoredExtent, StoredExtent> joins) {
        this.pieces = pieces;
        this.joins = joins;
    }

    /** Neighbours of one kind joined, however they are stored. */
    public static Iterator<Extent> ofOneKind(Iterator<StoredExtent> pieces) {
        JoinedExtents joined = new JoinedExtents(
                pieces, (first, next) -> first.extent().kind() == next.extent().kind());
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return joined.hasNext();
            }

            @Override
            public Extent next() {
                return joined.next().extent();
            }
        };
    }

    /** Neighbours of one kind joined that are stored in one way, and, if they are stored as they are, one behind the other. */
    public static Iterator<StoredExtent> ofOneStorage(Iterator<StoredExtent> pieces) {
        return new JoinedExtents(pieces, JoinedExtents::storedTogether);
    }

    private static boolean storedTogether(StoredExtent first, StoredExtent next) {
        boolean together = first.storage().equals(next.storage());
        if (first.storage() instanceof Storage.Plain one && next.storage() instanceof Storage.Plain other) {
            long apart = next.range().start() - first.range().start();
            together = one.layer() == other.layer() && other.offset() - one.offset() == apart;
        }
        return together && first.extent().kind() == next.extent().kind();
    }

    @Override
    public boolean hasNext() {
        return pending != null || pieces.hasNext();
    }

    @Override
    public StoredExtent next() {
        StoredExtent first = pending != null ? pending : pieces.next();
        pending = null;
        long end = first.range().end();
        while (pieces.hasNext()) {
            StoredExtent next = pieces.next();
            if (!joins.test(first, next)) {
                pending = next;
                break;
            }
            end = next.range().end();
        }
        ByteRange range = new ByteRange(first.range().start(), end);
        return new StoredExtent(new Extent(range, first.extent().kind()), first.storage());
    }
}
