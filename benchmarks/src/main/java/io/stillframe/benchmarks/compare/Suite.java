package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results.Bar;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.util.List;
import java.util.Optional;

/** The contests. Commands run in a directory that has the disk, its data and, for the restores, images of the disk. */
final class Suite {
    private static final String QEMU_RAW_TO = "qemu-img convert -f raw -O ";
    private static final String SAME_DISK = "cmp disk.raw ";

    private Suite() {}

    static List<Contest> contests() {
        return List.of(
                toQcow2Zstd(),
                toQcow2Zlib(),
                toStream(),
                toLz4(),
                toGzip(),
                toPlain(),
                toVmdk(),
                restoreOwn("zstd"),
                restoreOwn("zlib"),
                restoreQemu(),
                restoreStreams());
    }

    /** What the restores read; {@code sh} commands, each makes one file unless what it needs is missing. */
    static List<Contender> inputs() {
        return List.of(
                input("own-zstd.qcow2", "qcow2", "zstd:1"),
                input("own-zlib.qcow2", "qcow2", "zlib"),
                input("disk.zst", "zstd", "zstd:1"),
                input("disk.pack", "pack", ""),
                new Contender(
                        "qemu.qcow2",
                        List.of("qemu-img"),
                        QEMU_RAW_TO + "qcow2 -W -m 16 -c -o compression_type=zstd disk.raw qemu.qcow2",
                        "qemu.qcow2",
                        "true"),
                new Contender(
                        "data.zst", List.of("zstd"), "zstd -q -f -1 -T2 data.bin -o data.zst", "data.zst", "true"));
    }

    private static Contender input(String file, String codec, String compression) {
        return own(file, codec, compression, file, "true");
    }

    private static Contest toQcow2Zstd() {
        String verify =
                "qemu-img check -q -f qcow2 own.qcow2 && qemu-img compare -q -f raw -F qcow2 disk.raw own.qcow2";
        return new Contest(
                "Raw to qcow2 with zstd",
                List.of(
                        own("stillframe qcow2 zstd:1", "qcow2", "zstd:1", "own.qcow2", verify),
                        qemuTo("qemu-img -c zstd", "-c -o compression_type=zstd"),
                        qemuTo("qemu-img -c zstd -W -m 16", "-W -m 16 -c -o compression_type=zstd")),
                List.of(
                        new Bar("stillframe qcow2 zstd:1", "qemu-img -c zstd", 2.3, 1),
                        new Bar("stillframe qcow2 zstd:1", "qemu-img -c zstd -W -m 16", 1.4, 1)));
    }

    private static Contest toQcow2Zlib() {
        String verify =
                "qemu-img check -q -f qcow2 own.qcow2 && qemu-img compare -q -f raw -F qcow2 disk.raw own.qcow2";
        return new Contest(
                "Raw to qcow2 with zlib",
                List.of(
                        own("stillframe qcow2 zlib", "qcow2", "zlib", "own.qcow2", verify),
                        qemuTo("qemu-img -c", "-c"),
                        qemuTo("qemu-img -c -W -m 16", "-W -m 16 -c")),
                List.of(new Bar("stillframe qcow2 zlib", "qemu-img -c", 3, 1)));
    }

    private static Contest toStream() {
        String verify = "zstd -q -d -c own.zst | cmp - disk.raw";
        return new Contest(
                "Raw to zstd streams and packs, of the same data bytes",
                List.of(
                        own("stillframe zstd:1", "zstd", "zstd:1", "own.zst", verify),
                        own("stillframe zstd:1 --digest", "zstd", "zstd:1", "own.zst", verify, " --digest"),
                        new Contender(
                                "stillframe pack without digests",
                                List.of("codec:pack", "option:--chunk-digest"),
                                "stillframe image convert disk.raw own.zst --from raw --to pack --chunk-digest none",
                                "own.zst",
                                verify),
                        own("stillframe pack with SHA-256", "pack", "zstd:1", "own.zst", verify),
                        stream(
                                "zstd -1 -T2",
                                "zstd",
                                "zstd -q -f -1 -T2 data.bin -o peer.zst",
                                "peer.zst",
                                "zstd -q -t")),
                List.of(
                        new Bar("stillframe zstd:1", "zstd -1 -T2", 0.9, 1.02),
                        new Bar("stillframe zstd:1 --digest", "zstd -1 -T2", 0.75, 1.02),
                        new Bar("stillframe pack without digests", "zstd -1 -T2", 0.9, 1.02),
                        new Bar("stillframe pack with SHA-256", "zstd -1 -T2", 0.75, 1.02)));
    }

    private static Contest toLz4() {
        return new Contest(
                "Raw to lz4, of the same data bytes",
                List.of(
                        own("stillframe lz4", "lz4", "", "own.lz4", "lz4 -q -d -c own.lz4 | cmp - disk.raw"),
                        stream("lz4 -1", "lz4", "lz4 -q -f -1 data.bin peer.lz4", "peer.lz4", "lz4 -q -t")),
                List.of());
    }

    private static Contest toGzip() {
        String level = compression("gzip", List.of("gzip:1", "zlib:1", "deflate:1"));
        return new Contest(
                "Raw to gzip, of the same data bytes",
                List.of(
                        own("stillframe gzip", "gzip", level, "own.gz", "gzip -d -c own.gz | cmp - disk.raw"),
                        stream("pigz -1 -p 2", "pigz", "pigz -1 -p 2 -c data.bin > peer.gz", "peer.gz", "pigz -t")),
                List.of());
    }

    private static Contest toVmdk() {
        return new Contest(
                "Raw to streamOptimized vmdk",
                List.of(
                        own(
                                "stillframe vmdk",
                                "vmdk",
                                "",
                                "own.vmdk",
                                "qemu-img compare -q -f raw -F vmdk disk.raw own.vmdk"),
                        new Contender(
                                "qemu-img vmdk",
                                List.of("qemu-img"),
                                QEMU_RAW_TO + "vmdk -o subformat=streamOptimized disk.raw peer.vmdk && sync peer.vmdk",
                                "peer.vmdk",
                                "qemu-img compare -q -f raw -F vmdk disk.raw peer.vmdk")),
                List.of());
    }

    private static Contest toPlain() {
        String verify = "qemu-img compare -q -f raw -F qcow2 disk.raw ";
        return new Contest(
                "Raw to raw and uncompressed qcow2",
                List.of(
                        own("stillframe raw", "raw", "", "own.raw", SAME_DISK + "own.raw"),
                        new Contender(
                                "qemu-img raw",
                                List.of("qemu-img"),
                                QEMU_RAW_TO + "raw disk.raw peer.raw",
                                "peer.raw",
                                SAME_DISK + "peer.raw"),
                        new Contender(
                                "nbdcopy raw",
                                List.of("nbdcopy", "qemu-nbd"),
                                "truncate -s $(stat -L -c %s disk.raw) peer.raw && nbdcopy --destination-is-zero"
                                        + " -- [ qemu-nbd -r -f raw disk.raw ] peer.raw",
                                "peer.raw",
                                SAME_DISK + "peer.raw"),
                        own("stillframe qcow2 none", "qcow2", "none", "own.qcow2", verify + "own.qcow2"),
                        qemuTo("qemu-img qcow2", "")),
                List.of());
    }

    private static Contest restoreOwn(String compression) {
        String image = "own-" + compression + ".qcow2";
        String title = "Compressed qcow2 (" + compression + ", ours) to raw";
        return restore(title, image);
    }

    private static Contest restoreQemu() {
        return restore("Compressed qcow2 (zstd, QEMU's) to raw", "qemu.qcow2");
    }

    private static Contest restore(String title, String image) {
        return new Contest(
                title,
                List.of(
                        toRaw("stillframe qcow2 to raw", image, "qcow2"),
                        qemuToRaw("qemu-img", "", image),
                        qemuToRaw("qemu-img -W -m 16", "-W -m 16 ", image)),
                List.of(new Bar("stillframe qcow2 to raw", "qemu-img", 1.2, 0)));
    }

    private static Contest restoreStreams() {
        return new Contest(
                "Packs and zstd images to raw",
                List.of(
                        toRaw("stillframe pack to raw", "disk.pack", "pack"),
                        toRaw("stillframe zstd to raw", "disk.zst", "zstd"),
                        qemuToRaw("qemu-img, the same disk as qcow2/zstd", "", "own-zstd.qcow2"),
                        new Contender(
                                "zstd -d, the data alone",
                                List.of("zstd", "data.zst"),
                                "zstd -q -d -f data.zst -o peer.bin && sync peer.bin",
                                "peer.bin",
                                "cmp data.bin peer.bin")),
                List.of(
                        new Bar("stillframe pack to raw", "qemu-img, the same disk as qcow2/zstd", 1.2, 0),
                        new Bar("stillframe zstd to raw", "qemu-img, the same disk as qcow2/zstd", 1.2, 0)));
    }

    private static Contender own(String name, String codec, String compression, String output, String verify) {
        return own(name, codec, compression, output, verify, "");
    }

    private static Contender own(
            String name, String codec, String compression, String output, String verify, String more) {
        String command = "stillframe image convert disk.raw " + output + " --from raw --to " + codec
                + (compression.isEmpty() ? "" : " --compression " + compression) + more;
        return new Contender(name, List.of("codec:" + codec), command, output, verify);
    }

    private static Contender qemuTo(String name, String options) {
        return new Contender(
                name,
                List.of("qemu-img"),
                QEMU_RAW_TO + "qcow2 " + (options.isEmpty() ? "" : options + " ")
                        + "disk.raw peer.qcow2 && sync peer.qcow2",
                "peer.qcow2",
                "qemu-img compare -q -f raw -F qcow2 disk.raw peer.qcow2");
    }

    private static Contender stream(String name, String tool, String command, String output, String test) {
        return new Contender(name, List.of(tool), command + " && sync " + output, output, test + " " + output);
    }

    private static Contender toRaw(String name, String image, String codec) {
        return new Contender(
                name,
                List.of(image, "codec:" + codec),
                "stillframe image convert " + image + " own.raw --from " + codec + " --to raw",
                "own.raw",
                SAME_DISK + "own.raw");
    }

    private static Contender qemuToRaw(String name, String options, String image) {
        return new Contender(
                name,
                List.of(image, "qemu-img"),
                "qemu-img convert " + options + "-f qcow2 -O raw " + image + " peer.raw && sync peer.raw",
                "peer.raw",
                SAME_DISK + "peer.raw");
    }

    /** The first of the compressions that the codec takes; empty if it takes none or is missing. */
    private static String compression(String codec, List<String> wanted) {
        return wanted.stream().filter(each -> takes(codec, each)).findFirst().orElse("");
    }

    /** Whether an installed codec writes with this compression. */
    static boolean takes(String codec, String compression) {
        ImageSpec spec =
                new ImageSpec(1 << 20, Optional.of(Compression.parse(compression)), java.util.OptionalInt.empty());
        try (ImageWriter writer = Plugins.codec(codec).newWriter(spec)) {
            return writer.chunkSize() > 0;
        } catch (SnapshotException e) {
            return false;
        }
    }
}
