package io.stillframe.image.pack;

import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamTarget;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.CountingByteSource;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes packs and manifests into memory, and keeps them like a store. */
final class Packs implements PackResolver {
    static final int CHUNK = 64 << 10;
    static final PackOptions SMALL = PackOptions.ofDefaults().withChunkSize(CHUNK);

    private final Map<PackId, byte[]> stored = new HashMap<>();

    static byte[] full(BlockSource disk, PackOptions options) {
        try (ImageWriter writer = new PackCodec().newWriter(disk.size(), options)) {
            Memory memory = new Memory();
            ImageStream.run(disk, writer, memory, settings(), new Cancellation(), StreamListener.none());
            return memory.bytes();
        }
    }

    static StreamSettings settings() {
        return StreamSettings.ofDefaults().withThreads(2);
    }

    record Written(byte[] pack, StreamResult result) {}

    static Written byContent(BlockSource disk, IndexedDisk base) {
        Memory memory = new Memory();
        StreamResult result = IncrementalPack.on(base, 1)
                .byContent(disk, memory, settings(), new Cancellation(), StreamListener.none())
                .result();
        return new Written(memory.bytes(), result);
    }

    static Written byDirtyRanges(BlockSource disk, IndexedDisk base, List<ByteRange> dirty) {
        Memory memory = new Memory();
        StreamResult result = IncrementalPack.on(base, 1)
                .byDirtyRanges(disk, dirty.iterator(), memory, settings(), new Cancellation(), StreamListener.none())
                .result();
        return new Written(memory.bytes(), result);
    }

    static byte[] manifest(String subject, Map<String, IndexedDisk> disks) {
        PackManifest.Builder builder = PackManifest.builder(subject);
        disks.forEach(builder::disk);
        Memory memory = new Memory();
        builder.write(memory::body);
        return memory.bytes();
    }

    static PackFile open(byte[] pack) {
        return PackFile.open(new CountingByteSource(pack));
    }

    static BlockSource openDisk(byte[] pack, byte[]... older) {
        ImageCodec codec = new PackCodec();
        List<ImageCodec.Layer> chain = new ArrayList<>();
        chain.add(new ImageCodec.Layer(new CountingByteSource(pack), codec));
        for (byte[] one : older) {
            chain.add(new ImageCodec.Layer(new CountingByteSource(one), codec));
        }
        return codec.open(chain);
    }

    static VerifyReport verify(byte[] file, Optional<PackResolver> older, VerifyScope scope) {
        return PackVerifier.verify(
                new CountingByteSource(file), older, scope, 2, new Cancellation(), StreamListener.none());
    }

    static VerifyReport verify(byte[] file) {
        return verify(file, Optional.empty(), new VerifyScope.Everything());
    }

    /** Keeps a pack; returns its index. */
    PackFile keep(byte[] pack) {
        PackFile file = open(pack);
        stored.put(file.id(), pack);
        return file;
    }

    void remove(PackId id) {
        stored.remove(id);
    }

    /** Replaces a pack's bytes, whatever they are. */
    void replace(PackId id, byte[] bytes) {
        stored.put(id, bytes);
    }

    Map<PackId, byte[]> all() {
        return stored;
    }

    @Override
    public ByteSource open(PackReference pack) {
        byte[] bytes = stored.get(pack.id());
        if (bytes == null) {
            throw SnapshotException.notFound(pack + " is not in the store");
        }
        return new CountingByteSource(bytes);
    }

    static final class Memory implements StreamTarget {
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();

        @Override
        public void body(ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            body.writeBytes(copy);
        }

        @Override
        public void head(ByteBuffer head) {
            // A pack has none.
        }

        byte[] bytes() {
            return body.toByteArray();
        }
    }
}
