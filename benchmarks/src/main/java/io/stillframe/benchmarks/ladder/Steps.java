package io.stillframe.benchmarks.ladder;

import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Which compressions the installed codecs write with. A codec that joins the registry joins here, too. */
public final class Steps {
    /** What a codec is shown as that takes none of the others. */
    public static final String DEFAULT = "default";

    private static final List<String> ASKED = List.of(
            "none",
            "zstd:-5",
            "zstd:1",
            "zstd:3",
            "zstd:6",
            "zstd:9",
            "zstd:15",
            "zlib:1",
            "zlib:2",
            "zlib:6",
            "zlib:9",
            "gzip:1",
            "gzip:3",
            "gzip:6",
            "gzip:9",
            "deflate:1",
            "deflate:3",
            "deflate:6",
            "deflate:9",
            "lz4:1",
            "lz4:9",
            "lz4:12",
            "xz:0",
            "xz:1",
            "xz:3",
            "xz:6");

    private Steps() {}

    /** The codecs that write, by name. */
    public static List<ImageCodec> codecs() {
        return Plugins.codecs().stream()
                .filter(codec -> codec.traits().contains(CodecTrait.WRITE))
                .sorted(Comparator.comparing(ImageCodec::name))
                .toList();
    }

    /** The compressions that a codec takes out of those that are asked for. */
    public static List<String> compressions(ImageCodec codec) {
        List<String> taken = new ArrayList<>(
                ASKED.stream().filter(each -> takes(codec, each)).toList());
        if (taken.isEmpty()) {
            taken.add(DEFAULT);
        }
        return taken;
    }

    private static boolean takes(ImageCodec codec, String compression) {
        try (ImageWriter writer = codec.newWriter(spec(1 << 20, compression))) {
            return writer.chunkSize() > 0;
        } catch (SnapshotException e) {
            return false;
        }
    }

    /** What to write. */
    public static ImageSpec spec(long size, String compression) {
        ImageSpec spec = ImageSpec.ofSize(size);
        return compression.equals(DEFAULT) ? spec : spec.withCompression(Compression.parse(compression));
    }
}
