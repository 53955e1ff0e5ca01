package io.stillframe.benchmarks.jmh;

import io.stillframe.benchmarks.ladder.MemoryImage;
import io.stillframe.benchmarks.ladder.SampleDisk;
import io.stillframe.benchmarks.ladder.Steps;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A disk in memory and its image by one codec. */
@State(Scope.Benchmark)
public class CodecState {
    /** Of the disk. */
    static final int BYTES = 16 << 20;

    /** A file whose bytes make the disk, instead of seeded ones. */
    static final String DATA = "stillframe.benchmarks.data";

    /** Codec, compression and, if it is not the codec's default, cluster size. */
    @Param({"raw none", "qcow2 zstd:1", "qcow2 zlib:2", "zstd zstd:1"})
    public String image = "";

    private SampleDisk disk = SampleDisk.seeded(0, 1);
    private MemoryImage stored = new MemoryImage();

    @Setup(Level.Trial)
    public void encodeOnce() throws IOException {
        String file = System.getProperty(DATA, "");
        disk = file.isEmpty() ? SampleDisk.seeded(BYTES, 1) : SampleDisk.of(Path.of(file), BYTES);
        stored = new MemoryImage();
        var unused = encode(stored, 1);
    }

    SampleDisk disk() {
        return disk;
    }

    ImageCodec codec() {
        return Plugins.codec(image.split(" ")[0]);
    }

    ImageWriter writer() {
        String[] parts = image.split(" ");
        ImageSpec spec = Steps.spec(disk.size(), parts[1]);
        return codec().newWriter(parts.length > 2 ? spec.withClusterSize(Integer.parseInt(parts[2])) : spec);
    }

    BlockSource open() {
        return codec().open(List.of(new ImageCodec.Layer(stored, codec())));
    }

    StreamSettings settings(int threads) {
        return StreamSettings.ofDefaults().withThreads(threads).withDigest(ContentDigesting.OFF);
    }

    StreamResult encode(MemoryImage target, int threads) {
        try (ImageWriter writer = writer()) {
            return ImageStream.run(disk, writer, target, settings(threads), new Cancellation(), (read, written) -> {});
        }
    }
}
