package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The older packs that were declared with an incremental one, by their identity. */
final class DeclaredPacks implements PackResolver {
    private final Map<PackId, ByteSource> packs = new HashMap<>();

    private DeclaredPacks() {}

    /** @param layers stay the caller's */
    static DeclaredPacks of(List<ImageCodec.Layer> layers) {
        DeclaredPacks declared = new DeclaredPacks();
        for (ImageCodec.Layer layer : layers) {
            if (!layer.codec().name().equals(PackCodec.NAME)) {
                throw SnapshotException.unsupported("a pack stands on packs, but a layer behind it is declared as "
                        + layer.codec().name());
            }
            declared.packs.put(Footer.read(layer.bytes()).id(), layer.bytes());
        }
        return declared;
    }

    void requireAll(IndexFile file) {
        for (PackReference pack : file.directory().packs()) {
            if (!packs.containsKey(pack.id())) {
                throw missing(pack, file);
            }
        }
    }

    private static SnapshotException missing(PackReference pack, IndexFile file) {
        return SnapshotException.unsupported(file.describe() + " is incremental and needs " + pack + ", identity "
                + pack.id() + ", which is not declared; declare it as a backing file of format pack");
    }

    @Override
    public ByteSource open(PackReference pack) {
        ByteSource bytes = packs.get(pack.id());
        if (bytes == null) {
            throw SnapshotException.notFound(pack + " is not declared");
        }
        return new Lent(bytes);
    }

    /** Bytes that stay their owner's. */
    private record Lent(ByteSource bytes) implements ByteSource {
        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public void read(long position, ByteBuffer target) {
            bytes.read(position, target);
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
            // The owner closes them.
        }
    }
}
