package io.stillframe.image.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.DiskAssert;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The test vectors of the specification are what the code writes, and the code reads them. Run with {@code
 * -Dstillframe.docs.write=true} to put new ones onto the pages, e.g. after an update of Zstandard.
 */
class FormatPageTest {
    private static final Path PAGES = Path.of("docs", "formats");
    private static final int LINE = 64;

    private static final MemoryBlockSource OLD = disk("Stillframe ", "0123456789");
    private static final MemoryBlockSource NEW = disk("Stillframe ", "9876543210");

    private static MemoryBlockSource disk(String first, String last) {
        byte[] chunk = first.repeat(Packs.CHUNK / first.length() + 1).getBytes(StandardCharsets.US_ASCII);
        return MemoryBlockSource.builder(3L * Packs.CHUNK + 10)
                .data(0, java.util.Arrays.copyOf(chunk, Packs.CHUNK))
                .data(3L * Packs.CHUNK, last.getBytes(StandardCharsets.US_ASCII))
                .build();
    }

    @Test
    void thePagesShowWhatIsWritten() throws IOException {
        byte[] full = Packs.full(OLD, Packs.SMALL);
        byte[] incremental = incremental(full);
        byte[] manifest = Packs.manifest(
                "snap-2",
                Map.of(
                        "vda",
                        PackFile.open(new CountingByteSource(incremental), "new.pack")
                                .disk()));
        compare("pack.md", "full", full);
        compare("pack.md", "incremental", incremental);
        compare("pack-manifest.md", "manifest", manifest);
    }

    @Test
    void theVectorsOnThePagesAreReadable() throws IOException {
        byte[] full = shown("pack.md", "full");
        byte[] incremental = shown("pack.md", "incremental");
        assertThat(Packs.verify(full).findings()).isEmpty();
        try (BlockSource old = Packs.openDisk(full);
                BlockSource now = Packs.openDisk(incremental, full)) {
            DiskAssert.assertSameDisk(old, OLD, 1);
            DiskAssert.assertSameDisk(now, NEW, 1);
        }
        PackManifest manifest = PackManifest.open(new CountingByteSource(shown("pack-manifest.md", "manifest")));
        Packs store = new Packs();
        store.keep(full);
        store.keep(incremental);
        try (BlockSource disk = PackedDisk.open(manifest.disk("vda"), store)) {
            DiskAssert.assertSameDisk(disk, NEW, 1);
        }
        assertThat(manifest.packs()).extracting(PackReference::name).containsExactly("old.pack", "new.pack");
    }

    private static byte[] incremental(byte[] full) {
        IndexedDisk base =
                PackFile.open(new CountingByteSource(full), "old.pack").disk();
        return Packs.byDirtyRanges(NEW, base, List.of(new ByteRange(3L * Packs.CHUNK, NEW.size())))
                .pack();
    }

    private static void compare(String page, String vector, byte[] bytes) throws IOException {
        if (Boolean.getBoolean("stillframe.docs.write")) {
            Path file = PAGES.resolve(page);
            String text = Files.readString(file);
            Matcher block = block(text, vector);
            Files.writeString(file, text.substring(0, block.start(1)) + hex(bytes) + text.substring(block.end(1)));
        }
        assertThat(shown(page, vector))
                .as("vector '%s' of %s; -Dstillframe.docs.write=true renews it", vector, page)
                .isEqualTo(bytes);
    }

    private static byte[] shown(String page, String vector) throws IOException {
        String text = Files.readString(PAGES.resolve(page));
        return HexFormat.of().parseHex(block(text, vector).group(1).replace("\n", ""));
    }

    private static Matcher block(String text, String vector) {
        Matcher matcher = Pattern.compile("<!-- vector: " + vector + " -->\n```\n([0-9a-f\n]*)```")
                .matcher(text);
        assertThat(matcher.find()).as("vector '%s' on the page", vector).isTrue();
        return matcher;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes).replaceAll("(.{1," + LINE + "})", "$1\n");
    }
}
