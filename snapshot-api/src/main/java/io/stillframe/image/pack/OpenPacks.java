package io.stillframe.image.pack;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The packs that a disk's index points into, each opened once, when it is first needed, and checked to be the right one. One that is being
 * opened while all are closed is closed, too.
 */
final class OpenPacks implements AutoCloseable {
    private final IndexFile file;
    private final PackResolver resolver;
    private final ConcurrentMap<Integer, ByteSource> opened = new ConcurrentHashMap<>();
    private volatile boolean closed;

    OpenPacks(IndexFile file, PackResolver resolver) {
        this.file = file;
        this.resolver = resolver;
    }

    /**
     * The bytes of a pack by its number in the index. Safe for use by several threads.
     *
     * @throws SnapshotException INVALID once they are closed
     */
    ByteSource get(int number) {
        requireOpen();
        if (number == StoredChunk.SELF) {
            return file.bytes();
        }
        ByteSource known = opened.get(number);
        return known != null ? known : opened(number);
    }

    private ByteSource opened(int number) {
        ByteSource bytes = opened.computeIfAbsent(number, this::open);
        // Whoever closes either finds it in the map, or has said so before.
        if (closed) {
            close(number);
        }
        requireOpen();
        return bytes;
    }

    /** INVALID once they are closed. */
    void requireOpen() {
        if (closed) {
            throw SnapshotException.invalid("the disk of " + file.describe() + " is closed");
        }
    }

    private void close(int number) {
        ByteSource bytes = opened.remove(number);
        if (bytes != null) {
            bytes.close();
        }
    }

    private ByteSource open(int number) {
        PackReference wanted = file.pack(number);
        ByteSource bytes = resolver.open(wanted);
        try {
            Footer footer = Footer.read(bytes);
            if (!footer.isPack() || !footer.id().equals(wanted.id()) || footer.fileLength() != wanted.length()) {
                throw SnapshotException.corrupt(bytes.describe() + " is not " + wanted + ", which " + file.describe()
                        + " needs: it has " + footer.fileLength() + " bytes and the identity " + footer.id());
            }
            return bytes;
        } catch (RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    @Override
    public void close() {
        closed = true;
        opened.keySet().forEach(this::close);
    }
}
