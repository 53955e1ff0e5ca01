package io.stillframe.image.ova;

import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.vmdk.VmdkCodec;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Writes a virtual machine as an OVA in one pass, without a scratch copy: the disks are compressed straight into the archive, and what is
 * known last (lengths and checksums) is filled in at its start. The archive holds the OVF descriptor, the manifest with SHA-256 of everything,
 * then the disks, in the order that the specification sets ("Distribution").
 *
 * <p>Since its start is known last, an OVA cannot go to a pipe; it goes to a file.
 */
public final class OvaExport {
    private static final int LONGEST_BASE_NAME = 60;
    private static final int END_OF_ARCHIVE = 2 * TarHeader.BLOCK;
    private static final int SECTOR = 512;

    private final OvaContent content;
    private final FileTarget target;
    private final String baseName;
    private final List<OvaDisk> disks = new ArrayList<>();
    private final List<String> sums = new ArrayList<>();
    private final List<StreamResult> results = new ArrayList<>();
    private long position;
    private long bytesRead;

    private OvaExport(OvaContent content, FileTarget target) {
        this.content = content;
        this.target = target;
        this.baseName = baseName(content.machine().name());
    }

    /**
     * Writes the whole archive. The caller publishes the target, for instance after comparing the content digests. Threads and memory are
     * those of {@link ImageStream#run}; one disk is written after the other.
     *
     * @param target new; stays open
     * @param cancellation checked before every unit of a disk
     * @param listener told how far all disks together are, in the calling thread
     * @return what the stream of each disk did, in their order
     * @throws SnapshotException INVALID if the options are out of range; UNSUPPORTED if a disk's data exceeds what a VMDK can hold; else as
     *     {@link ImageStream#run}
     */
    public static List<StreamResult> run(
            OvaContent content,
            FileTarget target,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener) {
        return new OvaExport(content, target).run(settings, cancellation, listener);
    }

    private List<StreamResult> run(StreamSettings settings, Cancellation cancellation, StreamListener listener) {
        int descriptorLength = reservedDescriptor();
        int manifestLength = manifest("0".repeat(64), longestDisks()).length;
        position = TarHeader.entry(descriptorLength) + TarHeader.entry(manifestLength);
        target.begin(Math.toIntExact(position));
        for (BlockSource source : content.disks()) {
            writeDisk(source, settings, cancellation, listener);
        }
        zeros(END_OF_ARCHIVE);
        byte[] descriptor = descriptor(descriptorLength);
        byte[] manifest = manifest(EntryTarget.sum(descriptor), disks);
        target.head(head(descriptor, manifest));
        return List.copyOf(results);
    }

    private int reservedDescriptor() {
        return OvfDescriptor.of(content.machine(), longestDisks()).length;
    }

    private List<OvaDisk> longestDisks() {
        List<OvaDisk> longest = new ArrayList<>();
        for (BlockSource source : content.disks()) {
            longest.add(OvaDisk.longest(diskName(longest.size()), capacity(source)));
        }
        return longest;
    }

    /** What the VMDK calls the disk's size: whole sectors, one at least. */
    private static long capacity(BlockSource source) {
        return Math.max(1, (source.size() + SECTOR - 1) / SECTOR) * SECTOR;
    }

    private void writeDisk(
            BlockSource source, StreamSettings settings, Cancellation cancellation, StreamListener listener) {
        String name = diskName(disks.size());
        long headerAt = position;
        zeros(TarHeader.BLOCK);
        EntryTarget entry = new EntryTarget(target);
        StreamResult result = stream(source, entry, settings, cancellation, listener);
        position += result.bytesStored();
        zeros(TarHeader.padding(result.bytesStored()));
        target.fill(headerAt, TarHeader.of(name, result.bytesStored(), content.created()));
        disks.add(new OvaDisk(name, capacity(source), result.bytesStored(), result.bytesRead()));
        sums.add(entry.sum());
        results.add(result);
        bytesRead += result.bytesRead();
    }

    private StreamResult stream(
            BlockSource source,
            EntryTarget entry,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener) {
        ImageSpec plain = ImageSpec.ofSize(source.size());
        ImageSpec spec = content.compression().map(plain::withCompression).orElse(plain);
        long before = position;
        try (ImageWriter writer = new VmdkCodec().newWriter(spec)) {
            return ImageStream.run(
                    source,
                    writer,
                    entry,
                    settings,
                    cancellation,
                    (read, stored) -> listener.onProgress(bytesRead + read, before + stored));
        }
    }

    private void zeros(int count) {
        target.bodyZeros(count);
        position += count;
    }

    /** As long as was reserved: white space may follow the document's end. */
    private byte[] descriptor(int length) {
        byte[] text = OvfDescriptor.of(content.machine(), disks);
        byte[] padded = Arrays.copyOf(text, length);
        Arrays.fill(padded, text.length, length, (byte) ' ');
        return padded;
    }

    private byte[] manifest(String descriptorSum, List<OvaDisk> of) {
        StringBuilder text = new StringBuilder();
        text.append(line(baseName + ".ovf", descriptorSum));
        for (int i = 0; i < of.size(); i++) {
            text.append(line(of.get(i).file(), i < sums.size() ? sums.get(i) : descriptorSum));
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static String line(String file, String sum) {
        return "SHA256(" + file + ")= " + sum + "\n";
    }

    private ByteBuffer head(byte[] descriptor, byte[] manifest) {
        long length = TarHeader.entry(descriptor.length) + TarHeader.entry(manifest.length);
        ByteBuffer head = ByteBuffer.allocate(Math.toIntExact(length));
        head.put(TarHeader.of(baseName + ".ovf", descriptor.length, content.created()));
        head.put(descriptor).put(new byte[TarHeader.padding(descriptor.length)]);
        head.put(TarHeader.of(baseName + ".mf", manifest.length, content.created()));
        head.put(manifest).put(new byte[TarHeader.padding(manifest.length)]);
        return head.flip();
    }

    private String diskName(int index) {
        return baseName + "-disk" + (index + 1) + ".vmdk";
    }

    /** A file name for every system: letters, digits, dots, dashes; neither hidden nor reserved. */
    private static String baseName(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9._-]+", "-").replaceAll("^[.-]+|[.-]+$", "");
        String cut = plain.substring(0, Math.min(LONGEST_BASE_NAME, plain.length()));
        boolean reserved =
                cut.isEmpty() || cut.toLowerCase(Locale.ROOT).matches("(con|prn|aux|nul|com\\d|lpt\\d)([.].*)?");
        return reserved ? "vm" + (cut.isEmpty() ? "" : "-" + cut) : cut;
    }
}
