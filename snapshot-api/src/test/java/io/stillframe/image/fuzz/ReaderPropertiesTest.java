package io.stillframe.image.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.RawCodec;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The harness finds readers that break a property, and hands them the image that it was given. */
class ReaderPropertiesTest {
    private static final byte[] INPUT = PackedImage.pack(new byte[] {1, 2, 3, 0, 0, 4}, 0);

    @Test
    void aReaderThatKeepsToThemPasses() {
        ReaderProperties.verify(new Delegate(), INPUT);
    }

    @Test
    void anyOtherExceptionIsFound() {
        assertFound(new Delegate() {
            @Override
            public ImageCheck check(ByteSource image, Cancellation cancellation) {
                throw new IndexOutOfBoundsException("planted");
            }
        });
        assertFound(new Delegate() {
            @Override
            public BlockSource open(List<Layer> chain) {
                chain.get(0).bytes().close();
                throw SnapshotException.invalid("planted");
            }
        });
    }

    @Test
    void bytesThatStayOpenAreFound() {
        assertFound(new Delegate() {
            @Override
            public BlockSource open(List<Layer> chain) {
                throw SnapshotException.corrupt("planted");
            }
        });
    }

    @Test
    void extentsWithAGapAndSizesThatDifferAreFound() {
        assertFound(new Delegate() {
            @Override
            public BlockSource open(List<Layer> chain) {
                return new Gap(super.open(chain));
            }
        });
        assertFound(new Delegate() {
            @Override
            public BlockSource open(List<Layer> chain) {
                chain.get(0).bytes().close();
                return MemoryBlockSource.builder(5).build();
            }
        });
    }

    @Test
    void aPackedImageIsTheImage() {
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] image = new byte[random.nextInt(3000)];
            for (int at = 0; at < image.length; at += 1 + random.nextInt(400)) {
                Arrays.fill(image, at, Math.min(image.length, at + random.nextInt(60)), (byte) random.nextInt());
            }
            SparseBytes unpacked =
                    PackedImage.unpack(PackedImage.pack(image, 3)).orElseThrow();
            assertThat(unpacked.get(0, image.length + 9)).as("image %d", i).isEqualTo(image);
        }
    }

    /** A changed byte that a checksum guards: the reader refuses it, and takes it once the checksums were put right. */
    @ParameterizedTest
    @CsvSource({"vhd, 30", "vhd-fixed, -480", "vhdx, 65555", "vhdx, 131091"})
    void checksumsArePutRight(String format, int position) {
        ImageCodec codec = Plugins.codec(format);
        byte[] seed =
                Seeds.of(codec).values().stream().reduce((first, last) -> last).orElseThrow();
        SparseBytes image = PackedImage.unpack(seed).orElseThrow();
        long at = position < 0 ? image.size() + position : position;
        image.put(at, new byte[] {(byte) (image.get(at, 1)[0] ^ 1)});
        if (format.equals("vhdx")) {
            image.put(position < 131_072 ? 131_072 : 65_536, new byte[4]);
        }
        ImageCheck before = codec.check(image, new Cancellation());
        assertThat(before.clean()).isFalse();
        ChecksumRepair.of(format).accept(image);
        codec.describe(image);
    }

    private static void assertFound(ImageCodec broken) {
        assertThatThrownBy(() -> ReaderProperties.verify(broken, INPUT))
                .isInstanceOfAny(AssertionError.class, IndexOutOfBoundsException.class);
    }

    private static final class Gap implements BlockSource {
        private final BlockSource whole;

        Gap(BlockSource whole) {
            this.whole = whole;
        }

        @Override
        public long size() {
            return whole.size();
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            return whole.extents(new ByteRange(range.start(), range.end() - (range.isEmpty() ? 0 : 1)));
        }

        @Override
        public void read(long position, ByteBuffer target) {
            whole.read(position, target);
        }

        @Override
        public void close() {
            whole.close();
        }
    }

    private static class Delegate implements ImageCodec {
        private final ImageCodec raw = new RawCodec();

        @Override
        public String name() {
            return "delegate";
        }

        @Override
        public String extension() {
            return "raw";
        }

        @Override
        public Set<CodecTrait> traits() {
            return raw.traits();
        }

        @Override
        public Probe probe(ByteBuffer head, long size) {
            return raw.probe(head, size);
        }

        @Override
        public BlockSource open(List<Layer> chain) {
            return raw.open(chain);
        }

        @Override
        public ImageInfo describe(ByteSource image) {
            return raw.describe(image);
        }

        @Override
        public ImageCheck check(ByteSource image, Cancellation cancellation) {
            return raw.check(image, cancellation);
        }

        @Override
        public ImageWriter newWriter(ImageSpec spec) {
            return raw.newWriter(spec);
        }
    }
}
