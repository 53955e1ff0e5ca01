package io.stillframe.image.pack;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** What packs and manifests have in common when they are read: footer, directory, pages. Safe for use by several threads. */
final class IndexFile {
    private final ByteSource bytes;
    private final String name;
    private final Footer footer;
    private final Directory directory;
    private final List<IndexedDisk> disks = new ArrayList<>();

    private IndexFile(ByteSource bytes, String name, Footer footer, Directory directory) {
        this.bytes = bytes;
        this.name = name;
        this.footer = footer;
        this.directory = directory;
        directory.disks().forEach(disk -> disks.add(new IndexedDisk(this, disk)));
    }

    /**
     * Reads footer and directory.
     *
     * @param bytes read as long as the result is used; stays the caller's
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    static IndexFile read(ByteSource bytes) {
        String path = bytes.describe();
        String name = path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
        return read(bytes, name.length() <= 255 ? name : "");
    }

    /** The same under a name that references to the file will have. */
    static IndexFile read(ByteSource bytes, String name) {
        Footer footer = Footer.read(bytes);
        ByteBuffer frame = ByteBuffer.allocate(footer.directoryLength());
        bytes.read(footer.directoryOffset(), frame);
        Directory directory = Directory.parse(frame.flip().order(ByteOrder.LITTLE_ENDIAN), footer, bytes.describe());
        return new IndexFile(bytes, name, footer, directory);
    }

    /** The same for a file that must be a pack. */
    static IndexFile readPack(ByteSource bytes) {
        IndexFile file = read(bytes);
        file.requirePack();
        return file;
    }

    void requirePack() {
        if (!footer.isPack()) {
            throw SnapshotException.unsupported(bytes.describe() + " is a manifest and holds no disk itself; "
                    + "open it as a manifest, with the packs that it names");
        }
    }

    ByteSource bytes() {
        return bytes;
    }

    Footer footer() {
        return footer;
    }

    Directory directory() {
        return directory;
    }

    List<IndexedDisk> disks() {
        return disks;
    }

    String describe() {
        return bytes.describe();
    }

    /** The pack of that number: the file itself or one of its table. */
    PackReference pack(int number) {
        return number == StoredChunk.SELF
                ? new PackReference(footer.id(), footer.fileLength(), name)
                : directory.packs().get(number - 1);
    }

    /** Where frames may end in each pack, by number. */
    List<Long> packLengths() {
        List<Long> lengths = new ArrayList<>();
        lengths.add(footer.isPack() ? footer.directoryOffset() : 0);
        directory.packs().forEach(pack -> lengths.add(pack.length() - PackFormat.FOOTER));
        return lengths;
    }

    ByteBuffer frame(PageReference page) {
        ByteBuffer frame = ByteBuffer.allocate(page.length());
        bytes.read(page.offset(), frame);
        return frame.flip().order(ByteOrder.LITTLE_ENDIAN);
    }
}
