package io.stillframe.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.ConvertRequest;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageOutput;
import io.stillframe.image.Images;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.contract.CountingByteSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** What is decoded once as a whole, because it has no index, can be given up meanwhile. */
class FirstPassTest {
    private static final int MIB = 1 << 20;
    private static final int RANDOM = 4 * MIB;
    /** One block of an .xz file that is too large to be read in place. */
    private static final int ZEROS = 65 * MIB;

    @TempDir
    private Path dir;

    private final Cancellation cancellation = new Cancellation();

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "lz4", "xz"})
    void openingEndsSoonAfterItIsToldTo(String format) throws IOException {
        byte[] stored = foreign(format);
        CountingByteSource bytes = new CountingByteSource(stored);
        ImageCodec codec = Plugins.codec(format);
        ByteSource image = new CancellingSource(bytes, cancellation);

        assertCancelled(() -> codec.open(List.of(new ImageCodec.Layer(image, codec)), cancellation));

        assertThat(bytes.bytesRead()).isLessThan(stored.length / 2);
        assertThat(bytes.closes()).isOne();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "lz4", "xz"})
    void checkingEndsSoonAfterItIsToldTo(String format) throws IOException {
        byte[] stored = foreign(format);
        CountingByteSource bytes = new CountingByteSource(stored);

        assertCancelled(() -> Plugins.codec(format).check(new CancellingSource(bytes, cancellation), cancellation));

        assertThat(bytes.bytesRead()).isLessThan(stored.length / 2);
    }

    /** It is damaged, which a whole pass would find. */
    @ParameterizedTest
    @ValueSource(strings = {"gzip", "lz4", "xz"})
    void aConversionEndsBeforeThePassIsOver(String format) throws IOException {
        Path image = Files.write(dir.resolve("image"), damaged(format));
        Path raw = dir.resolve("raw");
        ConvertRequest request = ConvertRequest.of(ImageInput.file(image, format), new ImageOutput.File(raw), "raw");
        cancellation.cancel("as the test wants it");

        assertCancelled(
                () -> Images.convert(request, StreamSettings.ofDefaults(), cancellation, StreamListener.none()));

        assertThat(raw).doesNotExist();
    }

    private static void assertCancelled(org.assertj.core.api.ThrowableAssert.ThrowingCallable work) {
        assertThatThrownBy(work)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
    }

    /** Random bytes, then zeros, as another program would compress them. */
    private static byte[] foreign(String format) throws IOException {
        byte[] random = new byte[RANDOM];
        new Random(5).nextBytes(random);
        ByteArrayOutputStream stored = new ByteArrayOutputStream();
        try (OutputStream encoder = encoder(format, stored)) {
            encoder.write(random);
            encoder.write(new byte[ZEROS]);
        }
        return stored.toByteArray();
    }

    /** The index at an .xz file's end is read before the pass, so that its content is damaged instead. */
    private static byte[] damaged(String format) throws IOException {
        byte[] stored = foreign(format);
        if (!format.equals("xz")) {
            return Arrays.copyOf(stored, stored.length - 100);
        }
        stored[RANDOM / 2] ^= 1;
        return stored;
    }

    private static OutputStream encoder(String format, OutputStream stored) throws IOException {
        return switch (format) {
            case "gzip" -> new GZIPOutputStream(stored);
            case "lz4" -> new LZ4FrameOutputStream(stored, LZ4FrameOutputStream.BLOCKSIZE.SIZE_1MB);
            default -> new XZOutputStream(stored, new LZMA2Options(0));
        };
    }

    /** Cancels once a tenth of a MiB was read for good: what only looks for an index is far less. */
    private record CancellingSource(CountingByteSource bytes, Cancellation cancellation) implements ByteSource {
        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public void read(long position, ByteBuffer target) {
            if (target.remaining() > MIB / 10) {
                cancellation.cancel("as the test wants it");
            }
            bytes.read(position, target);
        }

        @Override
        public String describe() {
            return bytes.describe();
        }

        @Override
        public void close() {
            bytes.close();
        }
    }
}
