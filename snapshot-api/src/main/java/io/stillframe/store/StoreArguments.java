package io.stillframe.store;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.StoreCapabilities;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** The checks of what callers hand to an embedded store. */
final class StoreArguments {
    static final int LARGEST_PUT = 64 << 20;
    static final int LARGEST_PAGE = 1000;

    private StoreArguments() {}

    static void requireLimit(int limit) {
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw SnapshotException.invalid("a page has 1 to " + LARGEST_PAGE + " items, got " + limit);
        }
    }

    static void requirePut(ObjectKey key, ByteBuffer bytes) {
        if (bytes.remaining() > LARGEST_PUT) {
            throw SnapshotException.invalid("object " + key + " of " + bytes.remaining() + " bytes is put in one "
                    + "request, at most " + LARGEST_PUT + " are allowed; use a parted upload");
        }
    }

    static void requireLayout(PartLayout layout, StoreCapabilities limits) {
        if (layout.firstSize() < limits.smallestPart() || layout.firstSize() > limits.largestPart()) {
            throw SnapshotException.invalid("parts of " + layout.firstSize() + " bytes are outside this store's "
                    + limits.smallestPart() + " to " + limits.largestPart());
        }
    }

    static void requirePart(int number, ByteBuffer bytes, PartLayout layout, StoreCapabilities limits) {
        if (number < 1 || number > limits.mostParts()) {
            throw SnapshotException.invalid("part " + number + " is outside 1 to " + limits.mostParts());
        }
        long most = Math.min(layout.sizeOf(number), limits.largestPart());
        if (!bytes.hasRemaining() || bytes.remaining() > most) {
            throw SnapshotException.invalid(
                    "part " + number + " needs 1 to " + most + " bytes by its layout, got " + bytes.remaining());
        }
    }

    /**
     * Checks that the receipts are those of parts 1 to n that have arrived, all but the last one full.
     *
     * @return the object's size
     */
    static long requireComplete(
            ObjectKey key, List<PartReceipt> parts, Map<Integer, PartReceipt> arrived, PartLayout layout) {
        long size = 0;
        for (int index = 0; index < parts.size(); index++) {
            PartReceipt part = parts.get(index);
            boolean last = index == parts.size() - 1;
            if (part.number() != index + 1 || !part.equals(arrived.get(part.number()))) {
                throw SnapshotException.invalid("object " + key + " cannot be completed: at place " + (index + 1)
                        + " is part " + part.number() + ", which is out of order or not what arrived");
            }
            if (!last && part.size() != layout.sizeOf(part.number())) {
                throw SnapshotException.invalid("object " + key + " cannot be completed: part " + part.number()
                        + " has " + part.size() + " bytes, only the last part may have less than "
                        + layout.sizeOf(part.number()));
            }
            size = Math.addExact(size, part.size());
        }
        return size;
    }

    static void requireRange(String what, long size, long position, int length) {
        if (position < 0 || length > size || position > size - length) {
            throw SnapshotException.invalid(
                    length + " bytes from " + position + " exceed " + what + " of " + size + " bytes");
        }
    }
}
