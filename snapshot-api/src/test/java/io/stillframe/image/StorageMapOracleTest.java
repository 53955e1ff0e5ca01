package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.stillframe.image.qcow2.Qemu;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.StoredExtent;
import io.stillframe.spi.StoredExtent.Storage;
import io.stillframe.spi.contract.SeededDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where an image says that its bytes lie, against QEMU and against the bytes there. */
class StorageMapOracleTest {
    private static final long SIZE = 9L << 20;
    private static final int MOST_COMPARED = 64 * 1024;

    @TempDir
    private Path dir;

    @BeforeAll
    static void hasTools() {
        Qemu.assumeInstalled();
    }

    /** An extent as QEMU tells it; the offset is -1 where it tells none. */
    private record Told(long start, long length, int depth, boolean data, long offset) {}

    @ParameterizedTest
    @CsvSource({
        "raw, raw, preallocation=off",
        "qcow2, qcow2, cluster_size=65536",
        "qcow2, qcow2, 'cluster_size=65536,extended_l2=on'",
        "vmdk, vmdk, subformat=monolithicSparse",
        "vhdx, vhdx, subformat=dynamic",
        "vhd, vpc, subformat=dynamic",
        "vhd-fixed, vpc, 'subformat=fixed,force_size=on'"
    })
    void plainDataLiesWhereItSays(String format, String theirs, String options) throws IOException {
        Path image = dir.resolve("image");
        Qemu.run("qemu-img", "convert", "-f", "raw", "-O", theirs, "-o", options, raw(5), image);
        List<StoredExtent> map = assertLiesWhereItSays(List.of(new ImageLayer(image.toString(), format)));
        assertThat(map).anySatisfy(extent -> {
            assertThat(extent.extent().isData()).isTrue();
            assertThat(extent.storage()).isInstanceOf(Storage.Plain.class);
        });
        assertAgrees(map, qemuMap(theirs, image));
    }

    @ParameterizedTest
    @CsvSource({"qcow2, cluster_size=65536", "vmdk, subformat=streamOptimized"})
    void compressedDataHasNoOffset(String format, String options) throws IOException {
        Path image = dir.resolve("image");
        List<String> command =
                new ArrayList<>(List.of("qemu-img", "convert", "-f", "raw", "-O", format, "-o", options));
        if (format.equals("qcow2")) {
            command.add("-c");
        }
        command.addAll(List.of(raw(6).toString(), image.toString()));
        Qemu.run(command.toArray());
        List<StoredExtent> map = assertLiesWhereItSays(List.of(new ImageLayer(image.toString(), format)));
        assertThat(map).anyMatch(extent -> extent.storage().equals(new Storage.Compressed(0)));
        List<Told> told = qemuMap(format, image);
        for (StoredExtent extent : map) {
            if (extent.storage() instanceof Storage.Compressed) {
                Told same = covering(told, extent.range().start());
                assertThat(same.data).as("%s", extent).isTrue();
                assertThat(same.offset).as("%s", extent).isEqualTo(-1);
            }
        }
        assertAgrees(map, told);
    }

    @Test
    void tellsTheLayerOfAChain() throws IOException {
        Path base = dir.resolve("base.qcow2");
        Path top = dir.resolve("top.qcow2");
        Qemu.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw(7), base);
        Qemu.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top);
        Qemu.run("qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 200k", "-c", "write -z 4M 256k", top);
        List<StoredExtent> map = assertLiesWhereItSays(
                List.of(new ImageLayer(top.toString(), "qcow2"), new ImageLayer(base.toString(), "qcow2")));
        assertThat(map).anyMatch(extent -> extent.storage() instanceof Storage.Plain plain && plain.layer() == 0);
        assertThat(map).anyMatch(extent -> extent.storage() instanceof Storage.Plain plain && plain.layer() == 1);
        assertThat(map).anyMatch(extent -> extent.storage().equals(new Storage.Marked(0)));
        assertAgrees(map, qemuMap("qcow2", top));
    }

    private Path raw(long seed) {
        Path file = dir.resolve("raw");
        try (RawFileTarget target = RawFileTarget.create(file, SIZE)) {
            DiskCopy.run(
                    SeededDisk.dense(SIZE, seed),
                    target,
                    StreamSettings.ofDefaults(),
                    new Cancellation(),
                    StreamListener.none());
            target.finish();
        }
        return file;
    }

    /** The map of an image, once the bytes were found to lie where it says. */
    private static List<StoredExtent> assertLiesWhereItSays(List<ImageLayer> layers) {
        List<StoredExtent> map = new ArrayList<>();
        Images.mapStorage(new ImageInput.Chain(layers), new Cancellation(), map::add);
        long end = 0;
        try (BlockSource disk = ImageChain.open(layers)) {
            for (StoredExtent extent : map) {
                assertThat(extent.range().start()).isEqualTo(end);
                end = extent.range().end();
                if (extent.storage() instanceof Storage.Plain plain) {
                    assertLies(disk, extent, Path.of(layers.get(plain.layer()).location()), plain.offset());
                }
            }
            assertThat(end).isEqualTo(disk.size());
        }
        return map;
    }

    private static void assertLies(BlockSource disk, StoredExtent extent, Path file, long offset) {
        int length = (int) Math.min(MOST_COMPARED, extent.range().length());
        byte[] read = new byte[length];
        byte[] lies = new byte[length];
        try (ByteSource bytes = FileByteSource.open(file)) {
            for (long skip : new long[] {0, extent.range().length() - length}) {
                disk.read(extent.range().start() + skip, ByteBuffer.wrap(read));
                bytes.read(offset + skip, ByteBuffer.wrap(lies));
                assertThat(lies).as("%s, %d bytes on", extent, skip).isEqualTo(read);
            }
        }
    }

    /** Where QEMU tells an offset, it is the same one in the same layer. */
    private static void assertAgrees(List<StoredExtent> map, List<Told> told) {
        for (StoredExtent extent : map) {
            Told same = covering(told, extent.range().start());
            if (extent.extent().isData() && extent.storage() instanceof Storage.Plain plain && same.offset >= 0) {
                assertThat(same.offset + extent.range().start() - same.start)
                        .as("%s, %s", extent, same)
                        .isEqualTo(plain.offset());
                assertThat(same.depth).as("%s, %s", extent, same).isEqualTo(plain.layer());
            }
        }
        for (Told each : told) {
            if (each.data && each.offset >= 0) {
                assertThat(map).as("%s", each).anySatisfy(extent -> {
                    assertThat(each.start)
                            .isBetween(extent.range().start(), extent.range().end() - 1);
                    assertThat(extent.storage()).isInstanceOf(Storage.Plain.class);
                });
            }
        }
    }

    private static Told covering(List<Told> told, long position) {
        return told.stream()
                .filter(each -> position >= each.start && position < each.start + each.length)
                .findFirst()
                .orElseThrow();
    }

    private static List<Told> qemuMap(String format, Path image) throws IOException {
        List<Told> told = new ArrayList<>();
        String map = Qemu.run("qemu-img", "map", "--output=json", "-f", format, image);
        try (JsonParser json = new JsonFactory().createParser(map)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.START_OBJECT) {
                told.add(extent(json));
            }
        }
        return told;
    }

    private static Told extent(JsonParser json) throws IOException {
        Map<String, String> fields = new HashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            json.nextToken();
            fields.put(field, json.getText());
        }
        return new Told(
                Long.parseLong(fields.get("start")),
                Long.parseLong(fields.get("length")),
                Integer.parseInt(fields.get("depth")),
                Boolean.parseBoolean(fields.get("data")),
                Long.parseLong(fields.getOrDefault("offset", "-1")));
    }
}
