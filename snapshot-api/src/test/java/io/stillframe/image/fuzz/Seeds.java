package io.stillframe.image.fuzz;

import io.stillframe.image.ImageStream;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamTarget;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The packed images that fuzzing starts from: what the codec itself writes, in every variant, and the files that lie with this class under
 * {@code fuzz/FORMAT/}, which are images that only others write, and what fuzzing found.
 */
final class Seeds {
    private static final long[] SIZES = {0, 1000, 200_192};
    private static final List<String> COMPRESSIONS = List.of("", "none", "zlib", "zstd");
    private static final int[] CLUSTERS = {0, 512, 4096, 65_536, 1 << 20};
    private static final int LARGEST = 100_000;

    private Seeds() {}

    /**
     * Writes the seeds of a format into a directory, names the formats, or packs one file: {@code FORMAT DIRECTORY}, {@code formats} or
     * {@code pack-file FLAGS FILE PACKED}.
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("formats")) {
            Plugins.codecs().forEach(codec -> System.out.println(codec.name()));
            return;
        }
        if (arguments[0].equals("pack-file")) {
            byte[] image = Files.readAllBytes(Path.of(arguments[2]));
            Files.write(Path.of(arguments[3]), PackedImage.pack(image, Integer.parseInt(arguments[1])));
            return;
        }
        Path directory = Files.createDirectories(Path.of(arguments[1]));
        for (Map.Entry<String, byte[]> seed : of(Plugins.codec(arguments[0])).entrySet()) {
            Files.write(directory.resolve(seed.getKey()), seed.getValue());
        }
    }

    /** Packed images by name, in a stable order. */
    static Map<String, byte[]> of(ImageCodec codec) {
        Map<String, byte[]> seeds = new LinkedHashMap<>(committed(codec.name()));
        if (codec.traits().contains(CodecTrait.WRITE)) {
            for (long size : SIZES) {
                addWritten(codec, size, seeds);
            }
        }
        return seeds;
    }

    private static void addWritten(ImageCodec codec, long size, Map<String, byte[]> seeds) {
        List<byte[]> known = new ArrayList<>();
        for (String compression : COMPRESSIONS) {
            for (int cluster : CLUSTERS) {
                byte[] packed = written(codec, size, compression, cluster);
                boolean fresh = packed.length > 0
                        && packed.length <= LARGEST
                        && known.stream().noneMatch(other -> Arrays.equals(other, packed));
                if (fresh) {
                    known.add(packed);
                    seeds.put("written-" + size + "-" + compression + "-" + cluster, packed);
                }
            }
        }
    }

    /** Empty if the codec does not take these options. */
    private static byte[] written(ImageCodec codec, long size, String compression, int cluster) {
        ImageSpec plain = ImageSpec.ofSize(size);
        ImageSpec compressed = compression.isEmpty() ? plain : plain.withCompression(Compression.parse(compression));
        ImageSpec spec = cluster == 0 ? compressed : compressed.withClusterSize(cluster);
        MemoryTarget target = new MemoryTarget();
        try (ImageWriter writer = codec.newWriter(spec)) {
            StreamSettings settings = StreamSettings.ofDefaults().withThreads(1);
            ImageStream.run(disk(size), writer, target, settings, new Cancellation(), StreamListener.none());
            return PackedImage.pack(target.bytes(), PackedImage.FLAG_REPAIR);
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.INVALID) {
                throw e;
            }
            return new byte[0];
        }
    }

    /** Few and short pieces of data, so that the seeds are small. */
    private static BlockSource disk(long size) {
        MemoryBlockSource.Builder disk = MemoryBlockSource.builder(size);
        for (long at = 0; at + 700 <= size; at += 37_000) {
            byte[] piece = new byte[120];
            Arrays.fill(piece, (byte) (at / 37_000 + 1));
            disk.data(at, piece).zeros(ByteRange.ofLength(at + 300, 400));
        }
        return disk.build();
    }

    private static Map<String, byte[]> committed(String format) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        String names = new String(resource("fuzz/" + format + "/"), java.nio.charset.StandardCharsets.UTF_8);
        try (Stream<String> sorted = names.lines().sorted()) {
            sorted.forEach(name -> files.put(name, resource("fuzz/" + format + "/" + name)));
        }
        return files;
    }

    /** A file, or the names in a directory of the class path, one a line; nothing if there is none. */
    private static byte[] resource(String name) {
        try (InputStream in = Seeds.class.getResourceAsStream("/" + name)) {
            return in == null ? new byte[0] : in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class MemoryTarget implements StreamTarget {
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private byte[] head = {};

        @Override
        public void body(ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            body.writeBytes(copy);
        }

        @Override
        public void head(ByteBuffer bytes) {
            head = new byte[bytes.remaining()];
            bytes.get(head);
        }

        byte[] bytes() {
            byte[] all = Arrays.copyOf(head, head.length + body.size());
            System.arraycopy(body.toByteArray(), 0, all, head.length, body.size());
            return all;
        }
    }
}
