package io.stillframe.image.pack;

import io.stillframe.image.Crc32c;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The root of an index: which packs it points into, which disks it tells of, and where the pages of each lie.
 *
 * @param subject whose disks these are, e.g. a snapshot's identity; possibly empty
 * @param packs the packs that pages point into, numbered from 1
 * @param disks in order
 */
record Directory(String subject, List<PackReference> packs, List<Disk> disks) {
    private static final int DISK_FIXED = 2 + 8 + 4 + 4 + 4;
    private static final int PACK_FIXED = PackId.LENGTH + 8 + 2;

    Directory {
        packs = List.copyOf(packs);
        disks = List.copyOf(disks);
    }

    /** A disk and its pages, which cover it in order. */
    record Disk(String name, long size, int chunkSize, ChunkDigest digest, List<PageReference> pages) {
        Disk {
            pages = List.copyOf(pages);
        }

        long stored() {
            return pages.stream().mapToLong(PageReference::stored).sum();
        }
    }

    /** The directory's frame. */
    ByteBuffer encode() {
        long length = length();
        if (length > PackFormat.LARGEST_DIRECTORY || packs.size() > PackFormat.MOST_PACKS) {
            throw SnapshotException.unsupported("an index of " + packs.size() + " packs and a directory of " + length
                    + " bytes is too large; at most " + PackFormat.MOST_PACKS + " packs and "
                    + PackFormat.LARGEST_DIRECTORY + " bytes are possible");
        }
        ByteBuffer bytes = PackFormat.allocate((int) length)
                .putInt(PackFormat.DIRECTORY_FRAME)
                .putInt((int) length - PackFormat.FRAME_HEADER)
                .putInt(packs.size())
                .putInt(disks.size());
        put(bytes, subject);
        packs.forEach(pack -> put(bytes, pack));
        disks.forEach(disk -> put(bytes, disk));
        return bytes.putInt(Crc32c.of(bytes.duplicate().flip())).flip();
    }

    private long length() {
        long length = PackFormat.FRAME_HEADER + 4L + 4 + 2 + utf8(subject).length + Integer.BYTES;
        for (PackReference pack : packs) {
            length += (long) PACK_FIXED + utf8(pack.name()).length;
        }
        for (Disk disk : disks) {
            length += (long) DISK_FIXED + utf8(disk.name).length + (long) disk.pages.size() * PackFormat.PAGE_REFERENCE;
        }
        return length;
    }

    private static void put(ByteBuffer bytes, PackReference pack) {
        bytes.put(pack.id().bytes()).putLong(pack.length());
        put(bytes, pack.name());
    }

    private static void put(ByteBuffer bytes, Disk disk) {
        put(bytes, disk.name);
        bytes.putLong(disk.size)
                .putInt(disk.chunkSize)
                .putInt(disk.digest.number())
                .putInt(disk.pages.size());
        for (PageReference page : disk.pages) {
            bytes.putLong(page.offset())
                    .putInt(page.length())
                    .putInt(page.checksum())
                    .putInt(page.first())
                    .putInt(page.chunks())
                    .putInt(page.stored());
        }
    }

    private static void put(ByteBuffer bytes, String text) {
        byte[] utf8 = utf8(text);
        bytes.putShort((short) utf8.length).put(utf8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads the frame of a directory.
     *
     * @param bytes the whole frame, little-endian
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    static Directory parse(ByteBuffer bytes, Footer footer, String file) {
        return new Parser(bytes, footer, file).parse();
    }

    private static final class Parser {
        private final ByteBuffer bytes;
        private final Footer footer;
        private final String file;
        private long pagesEnd = PackFormat.HEADER;

        Parser(ByteBuffer bytes, Footer footer, String file) {
            this.bytes = bytes;
            this.footer = footer;
            this.file = file;
        }

        Directory parse() {
            int end = bytes.limit() - Integer.BYTES;
            int checksum = Crc32c.of(bytes.duplicate().limit(end));
            require(
                    checksum == bytes.getInt(end) && checksum == footer.directoryChecksum(),
                    "the directory's checksum is wrong");
            bytes.limit(end);
            require(
                    number() == PackFormat.DIRECTORY_FRAME
                            && number() == footer.directoryLength() - PackFormat.FRAME_HEADER,
                    "there is no directory where the footer says");
            int packs = count(PackFormat.MOST_PACKS, "packs");
            int disks = count(PackFormat.MOST_DISKS, "disks");
            require(!footer.isPack() || disks == 1, "a pack has 1 disk, this one " + disks);
            String subject = text();
            Directory directory = new Directory(subject, packs(packs), disks(disks));
            require(!bytes.hasRemaining(), "bytes are left behind the directory's entries");
            return directory;
        }

        private List<PackReference> packs(int count) {
            List<PackReference> packs = new ArrayList<>();
            Set<PackId> ids = new HashSet<>();
            for (int i = 0; i < count; i++) {
                need(PACK_FIXED);
                byte[] id = new byte[PackId.LENGTH];
                bytes.get(id);
                long length = bytes.getLong();
                require(
                        length >= PackFormat.HEADER + PackFormat.FOOTER,
                        "pack " + (i + 1) + " has " + length + " bytes");
                PackReference pack = new PackReference(PackId.of(id), length, text());
                require(ids.add(pack.id()), "pack " + (i + 1) + " is declared twice");
                packs.add(pack);
            }
            return packs;
        }

        private List<Disk> disks(int count) {
            List<Disk> disks = new ArrayList<>();
            Set<String> names = new HashSet<>();
            long total = 0;
            for (int i = 0; i < count; i++) {
                Disk disk = disk();
                require(names.add(disk.name), "disk '" + disk.name + "' is there twice");
                require(disk.size <= footer.diskSize() - total, "the disks are larger than the footer says");
                total += disk.size;
                disks.add(disk);
            }
            require(total == footer.diskSize(), "the disks are smaller than the footer says");
            return disks;
        }

        private Disk disk() {
            String name = text();
            need(DISK_FIXED - Short.BYTES);
            long size = bytes.getLong();
            int chunkSize = bytes.getInt();
            ChunkDigest digest = ChunkDigest.of(bytes.getInt(), file);
            int pages = bytes.getInt();
            require(size >= 0, "disk '" + name + "' has " + size + " bytes");
            require(
                    chunkSize >= PackFormat.SMALLEST_CHUNK
                            && chunkSize <= PackFormat.LARGEST_CHUNK
                            && Integer.bitCount(chunkSize) == 1,
                    "disk '" + name + "' has chunks of " + chunkSize + " bytes");
            long chunks = PackFormat.chunks(size, chunkSize);
            require(chunks <= PackFormat.MOST_CHUNKS, "disk '" + name + "' has " + chunks + " chunks");
            require(
                    pages >= 0 && pages <= bytes.remaining() / PackFormat.PAGE_REFERENCE,
                    "disk '" + name + "' has " + pages + " pages");
            return new Disk(name, size, chunkSize, digest, pages(pages, (int) chunks, PackFormat.largestPage(digest)));
        }

        private List<PageReference> pages(int count, int chunks, int largest) {
            List<PageReference> pages = new ArrayList<>(count);
            int first = 0;
            for (int i = 0; i < count; i++) {
                PageReference page = new PageReference(
                        bytes.getLong(),
                        bytes.getInt(),
                        bytes.getInt(),
                        bytes.getInt(),
                        bytes.getInt(),
                        bytes.getInt());
                require(
                        page.first() == first && page.chunks() > 0 && page.chunks() <= chunks - first,
                        "page " + i + " does not go on where the one before ends");
                require(
                        page.stored() >= 0
                                && page.stored() <= PackFormat.PAGE_ENTRIES
                                && page.stored() <= page.chunks(),
                        "page " + i + " has " + page.stored() + " stored chunks");
                require(
                        page.length() >= PackFormat.PAGE_FIXED + PackFormat.RUN
                                && page.length() <= largest
                                && page.offset() >= pagesEnd
                                && page.offset() <= footer.directoryOffset() - page.length(),
                        "page " + i + " lies outside of its place or over another one");
                pagesEnd = page.offset() + page.length();
                first = page.end();
                pages.add(page);
            }
            require(first == chunks, "the pages tell of " + first + " chunks of " + chunks);
            return pages;
        }

        private int count(int most, String of) {
            int count = number();
            require(count >= 0 && count <= most, "it has " + count + " " + of);
            return count;
        }

        private int number() {
            need(Integer.BYTES);
            return bytes.getInt();
        }

        private String text() {
            need(Short.BYTES);
            int length = Short.toUnsignedInt(bytes.getShort());
            require(length <= PackFormat.LONGEST_NAME, "a name has " + length + " bytes");
            need(length);
            ByteBuffer utf8 = bytes.slice(bytes.position(), length);
            bytes.position(bytes.position() + length);
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
            } catch (CharacterCodingException e) {
                throw new SnapshotException(SnapshotException.Kind.CORRUPT, file + ": a name is not UTF-8", e);
            }
        }

        private void need(int length) {
            require(bytes.remaining() >= length, "the directory is cut off");
        }

        private void require(boolean kept, String fault) {
            if (!kept) {
                throw SnapshotException.corrupt(file + ": " + fault);
            }
        }
    }
}
