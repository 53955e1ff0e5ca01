package io.stillframe.store;

import io.stillframe.internal.file.DurableFiles;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Walks the keys of a store's directory in the order of their UTF-8 bytes. A directory stands in the queue with the bytes that all its
 * keys start with, which is no more than any of them; when it is the smallest, its entries take its place. So directories that
 * cannot hold a wanted key are never read. Names that the store does not write and symbolic links are passed over. For one thread.
 */
final class KeyWalk {
    private final byte[] prefix;
    private final byte[] after;
    private final PriorityQueue<Node> queue = new PriorityQueue<>();

    /** A file or directory yet to come. */
    private static final class Node implements Comparable<Node> {
        /** The file's key, or what all keys below the directory start with. */
        private final byte[] least;

        private final Path path;
        private final boolean isFile;

        Node(byte[] least, Path path, boolean isFile) {
            this.least = least;
            this.path = path;
            this.isFile = isFile;
        }

        @Override
        public int compareTo(Node other) {
            int byBytes = Arrays.compareUnsigned(least, other.least);
            return byBytes != 0 ? byBytes : Boolean.compare(other.isFile, isFile);
        }
    }

    /** A key and the file that may hold its object. */
    record Entry(ObjectKey key, Path path) {}

    /**
     * @param prefix what keys must start with
     * @param after the key behind which to begin; empty to begin at the first
     */
    KeyWalk(Path root, String prefix, Optional<String> after) {
        this.prefix = prefix.getBytes(StandardCharsets.UTF_8);
        this.after = after.orElse("").getBytes(StandardCharsets.UTF_8);
        queue.add(new Node(new byte[0], root, false));
    }

    /** The next key; empty at the end. */
    Optional<Entry> next() throws IOException {
        for (Node node = queue.poll(); node != null; node = queue.poll()) {
            if (node.isFile) {
                Optional<ObjectKey> key = key(node.least);
                if (key.isPresent()) {
                    return Optional.of(new Entry(key.get(), node.path));
                }
            } else {
                expand(node);
            }
        }
        return Optional.empty();
    }

    private void expand(Node directory) throws IOException {
        if (!Files.isDirectory(directory.path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            for (Path path : DurableFiles.entries(directory.path)) {
                String name = path.getFileName().toString();
                boolean isFile = KeyPaths.isFileName(name);
                Optional<byte[]> least = isFile
                        ? KeyPaths.afterFile(directory.least, name)
                        : KeyPaths.afterDirectory(directory.least, name);
                least.map(bytes -> new Node(bytes, path, isFile))
                        .filter(this::mayHoldWanted)
                        .ifPresent(queue::add);
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // Removed with its last object since its parent was read.
        }
    }

    private boolean mayHoldWanted(Node node) {
        byte[] least = node.least;
        boolean matches = startsWith(least, prefix) || (!node.isFile && startsWith(prefix, least));
        boolean later = Arrays.compareUnsigned(least, after) > 0 || (!node.isFile && startsWith(after, least));
        return matches && later;
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        return bytes.length >= start.length && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
    }

    private static Optional<ObjectKey> key(byte[] utf8) {
        try {
            return Optional.of(ObjectKey.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString()));
        } catch (CharacterCodingException | SnapshotException e) {
            return Optional.empty();
        }
    }
}
