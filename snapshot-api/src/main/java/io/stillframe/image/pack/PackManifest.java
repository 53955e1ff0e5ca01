package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ByteSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The manifest of a snapshot's disks: for every chunk of every disk zeros, or in which pack it lies and where. Full and incremental
 * snapshots have the same form; nothing needs to be followed from one manifest to another, so that removing one never breaks another:
 * only packs that no manifest needs may be removed ({@link #neededBy}).
 *
 * <p>Safe for use by several threads, as long as its bytes are open.
 */
public final class PackManifest {
    private final IndexFile file;

    private PackManifest(IndexFile file) {
        this.file = file;
    }

    /**
     * Reads a manifest's footer and directory; its pages are read as they are needed. A pack is taken for the manifest of its one disk.
     *
     * @param bytes stay the caller's, open as long as the result is used
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    public static PackManifest open(ByteSource bytes) {
        return new PackManifest(IndexFile.read(bytes));
    }

    /** The same under a name that references to the pack will have, e.g. its object's key. */
    public static PackManifest open(ByteSource bytes, String name) {
        return new PackManifest(IndexFile.read(bytes, name));
    }

    /** Whose disks these are; possibly empty. */
    public String subject() {
        return file.directory().subject();
    }

    /** All disks in their order. */
    public List<IndexedDisk> disks() {
        return List.copyOf(file.disks());
    }

    /**
     * The disk of that name.
     *
     * @throws SnapshotException NOT_FOUND, naming those that exist
     */
    public IndexedDisk disk(String name) {
        return file.disks().stream()
                .filter(disk -> disk.name().equals(name))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound(file.describe() + " has no disk '" + name + "', only "
                        + file.disks().stream().map(IndexedDisk::name).toList()));
    }

    /** Every pack that a chunk of its disks lies in. */
    public List<PackReference> packs() {
        return file.footer().isPack()
                ? file.disks().get(0).packs()
                : file.directory().packs();
    }

    /** The packs that any of these manifests needs: what must stay when all other snapshots are removed. */
    public static Set<PackId> neededBy(Collection<PackManifest> manifests) {
        Set<PackId> needed = new HashSet<>();
        for (PackManifest manifest : manifests) {
            manifest.packs().forEach(pack -> needed.add(pack.id()));
        }
        return needed;
    }

    /** Starts a manifest. */
    public static Builder builder(String subject) {
        return new Builder(subject);
    }

    /** Puts a manifest together from the indexes of packs and other manifests. For one thread. */
    public static final class Builder {
        private final String subject;
        private final Map<String, IndexedDisk> disks = new LinkedHashMap<>();

        private Builder(String subject) {
            this.subject = subject;
        }

        /**
         * Adds a disk.
         *
         * @param name e.g. {@code vda}
         * @param disk from a pack, full or incremental, or from another manifest; its file stays open until {@link #write}
         * @throws SnapshotException INVALID if the name is taken
         */
        public Builder disk(String name, IndexedDisk disk) {
            if (disks.putIfAbsent(name, disk) != null) {
                throw SnapshotException.invalid("the manifest has a disk '" + name + "' already");
            }
            return this;
        }

        /**
         * Writes the manifest, in one pass. It names exactly the packs that it needs.
         *
         * @throws SnapshotException CORRUPT if an index is broken; else as reading and the sink do
         */
        public void write(ByteSink sink) {
            SeekTable none = new SeekTable();
            none.drop();
            IndexWriter index = new IndexWriter(PackFormat.MANIFEST_MAGIC, 0, none);
            long size = disks.values().stream().mapToLong(IndexedDisk::size).reduce(0, Math::addExact);
            index.write(Header.encode(PackFormat.MANIFEST_MAGIC, 0, size, 0, ChunkDigest.NONE), 0, sink);
            List<PackReference> packs = new ArrayList<>();
            List<Directory.Disk> written = new ArrayList<>();
            disks.forEach((name, disk) -> written.add(write(name, disk, packs, index, sink)));
            index.finish(subject, packs, written, sink);
        }

        private static Directory.Disk write(
                String name, IndexedDisk disk, List<PackReference> packs, IndexWriter index, ByteSink sink) {
            PageBuilder page = new PageBuilder(disk.digest());
            List<PageReference> pages = new ArrayList<>();
            OlderPacks numbers = new OlderPacks(Optional.of(disk), packs);
            for (IndexedDisk.Walk walk = disk.walk(new ByteRange(0, disk.size())); walk.more(); ) {
                walk.locate();
                if (walk.zero()) {
                    int start = walk.chunk();
                    page.addZeros(walk.skipRun() - start);
                } else {
                    page.addStored(
                            numbers.renumbered(walk.stored()),
                            walk.page().digests(),
                            walk.page().digestOffset(walk.run(), walk.chunk()));
                    walk.skipChunk();
                }
                if (page.full()) {
                    index.writePage(page, pages, sink);
                }
            }
            index.writePage(page, pages, sink);
            return new Directory.Disk(name, disk.size(), disk.chunkSize(), disk.digest(), pages);
        }
    }
}
