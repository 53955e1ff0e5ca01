package io.stillframe.benchmarks.ladder;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.DiskCopy;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.Digest;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.util.List;
import org.junit.jupiter.api.Test;

class CodecLadderTest {
    private final SampleDisk disk = SampleDisk.seeded(3 << 20, 5);

    @Test
    void codecsComeWithTheCompressionsThatTheyTake() {
        assertThat(Steps.compressions(Plugins.codec("qcow2")))
                .contains("none", "zstd:1", "zlib:6")
                .doesNotContain("xz:6");
        assertThat(Steps.compressions(Plugins.codec("raw"))).containsExactly("none");
    }

    @Test
    void anImageInMemoryKeepsTheDisk() {
        ImageCodec codec = Plugins.codec("qcow2");
        MemoryImage image = new MemoryImage();
        try (ImageWriter writer = codec.newWriter(Steps.spec(disk.size(), "zstd:1"))) {
            var unused = ImageStream.run(
                    disk, writer, image, StreamSettings.ofDefaults(), new Cancellation(), (read, stored) -> {});
        }
        try (BlockSource read = codec.open(List.of(new ImageCodec.Layer(image, codec)))) {
            assertThat(digest(read)).isEqualTo(digest(disk));
        }
    }

    private static Digest digest(BlockSource source) {
        return DiskCopy.digest(source, StreamSettings.ofDefaults(), new Cancellation(), (read, stored) -> {});
    }
}
