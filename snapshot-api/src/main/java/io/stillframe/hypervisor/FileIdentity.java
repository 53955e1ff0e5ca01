package io.stillframe.hypervisor;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * By what a file is recognised as not changed.
 *
 * @param path absolute
 * @param size its length in bytes
 * @param modified its time of last modification, as precise as the file system has it
 * @param key which file it is (device and inode), where the operating system tells
 */
record FileIdentity(String path, long size, String modified, Optional<String> key) {
    static FileIdentity of(String path) {
        return of(path, attributes(Path.of(path)));
    }

    static BasicFileAttributes attributes(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class);
        } catch (IOException e) {
            throw SnapshotException.permanent("the disk image " + path + " cannot be looked at: " + e, e);
        }
    }

    private static FileIdentity of(String path, BasicFileAttributes found) {
        return new FileIdentity(
                path,
                found.size(),
                found.lastModifiedTime().toString(),
                Optional.ofNullable(found.fileKey()).map(Object::toString));
    }

    /**
     * @param attributes what the file system says of the file now
     * @throws SnapshotException CONFLICT if the file is another one now
     */
    void checkUnchanged(BasicFileAttributes attributes) {
        FileIdentity now = of(path, attributes);
        if (!now.equals(this)) {
            throw SnapshotException.conflict(path + " was changed while its point in time was held (" + size
                    + " bytes of " + modified + " then, " + now.size + " bytes of " + now.modified
                    + " now); take the snapshot while nothing writes to it");
        }
    }

    void write(JsonWriter json) {
        json.text("path", path).number("size", size).text("modified", modified).text("key", key);
    }

    static FileIdentity parse(JsonObject json) {
        return new FileIdentity(
                json.text("path"), json.number("size"), json.text("modified"), json.textIfPresent("key"));
    }
}
