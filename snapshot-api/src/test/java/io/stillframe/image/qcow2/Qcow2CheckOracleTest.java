package io.stillframe.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.Images;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The check finds errors and leaks where QEMU's check finds them, and nowhere else. */
class Qcow2CheckOracleTest {
    private static final long SIZE = 4 << 20;

    @TempDir
    Path dir;

    @BeforeAll
    static void tools() {
        Qemu.assumeInstalled();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "cluster_size=4k                                    | 1",
                "cluster_size=4k,refcount_bits=1                    | 2",
                "cluster_size=4k,refcount_bits=4                    | 3",
                "cluster_size=4k,refcount_bits=64                   | 4",
                "cluster_size=64k,compat=0.10                       | 5",
                "cluster_size=16k,extended_l2=on,refcount_bits=8    | 6",
                "cluster_size=512,compression_type=zstd             | 7",
            })
    void findsWhatQemuFinds(String options, long seed) throws IOException {
        Path image = dir.resolve("image");
        Qemu.create(image, options.strip(), SIZE);
        Qemu.io(image, "qcow2", new Writes(seed, SIZE, 65536, !options.contains("refcount_bits=1")).commands(30));
        byte[] good = Files.readAllBytes(image);
        Random random = new Random(seed);
        for (int i = 0; i < 15; i++) {
            byte[] broken = good.clone();
            String what = damage(ByteBuffer.wrap(broken), i % 5, random);
            Files.write(image, broken);
            assertSameVerdict(image, options + ", seed " + seed + ", damage " + i + ": " + what);
        }
    }

    private static String damage(ByteBuffer image, int kind, Random random) {
        int clusterBits = image.getInt(20);
        int block = (int) image.getLong((int) image.getLong(48));
        int l1 = firstUsed(image, (int) image.getLong(40));
        int l2 = (int) (image.getLong(l1) & Entries.OFFSET);
        int entries = (int) Math.min(SIZE >> clusterBits, 1 << (clusterBits - 4));
        int entry = l2 + 16 * random.nextInt(entries / 2);
        switch (kind) {
            case 0 -> {
                int at = block + random.nextInt(Math.max(1, (image.capacity() >> clusterBits) / 16));
                image.put(at, (byte) (image.get(at) ^ 1 << random.nextInt(8)));
                return "refcount byte " + at;
            }
            case 1 -> image.putLong(entry, 0);
            case 2 -> image.putLong(entry, image.getLong(entry) ^ Entries.COPIED);
            case 3 -> image.putLong(entry, image.getLong(entry) + (1L << clusterBits));
            default -> image.putLong(l1, 0);
        }
        return "word at " + entry;
    }

    private static int firstUsed(ByteBuffer image, int l1) {
        int entry = l1;
        while (image.getLong(entry) == 0) {
            entry += Long.BYTES;
        }
        return entry;
    }

    private static void assertSameVerdict(Path image, String what) {
        Qemu.Result theirs = Qemu.runAny("qemu-img", "check", "-f", "qcow2", "--output=json", image);
        ImageCheck ours = Images.check(image, Optional.of("qcow2"), new Cancellation());
        boolean refused = !theirs.output().contains("image-end-offset");
        boolean corrupt = refused || number(theirs.output(), "corruptions") > 0;
        String both = what + "\n" + theirs.output() + "\n" + ours;
        assertThat(!ours.corruptions().isEmpty()).as(both).isEqualTo(corrupt);
        if (!refused) {
            assertThat(Math.min(100, number(theirs.output(), "leaks")))
                    .as(both)
                    .isEqualTo(ours.leaks().size());
        }
    }

    private static int number(String json, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\": (\\d+)").matcher(json);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }
}
