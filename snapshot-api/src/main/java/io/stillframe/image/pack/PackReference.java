package io.stillframe.image.pack;

import io.stillframe.model.SnapshotException;
import java.nio.charset.StandardCharsets;

/**
 * A pack that another file points into.
 *
 * @param id which
 * @param length its bytes
 * @param name where it was called so when the reference was made: a file name or an object key, at most 1024 bytes of UTF-8, possibly
 *     empty. A hint for people and resolvers; the identity decides
 */
public record PackReference(PackId id, long length, String name) {
    public PackReference {
        if (length < PackFormat.HEADER + PackFormat.FOOTER) {
            throw SnapshotException.invalid("a pack has at least " + (PackFormat.HEADER + PackFormat.FOOTER)
                    + " bytes, got a length of " + length);
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > PackFormat.LONGEST_NAME) {
            throw SnapshotException.invalid("a pack's name has at most " + PackFormat.LONGEST_NAME + " bytes");
        }
    }

    @Override
    public String toString() {
        return "pack " + id.hex().substring(0, 16) + (name.isEmpty() ? "" : " (" + name + ")");
    }
}
