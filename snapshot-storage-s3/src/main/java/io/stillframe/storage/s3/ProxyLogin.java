package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * How to log in to an HTTP proxy.
 *
 * @param password asked for when the store is opened
 */
record ProxyLogin(String user, Supplier<String> password) {
    /** From the first line of a file, {@code user:password}. */
    static ProxyLogin ofFile(Path file) {
        try (var lines = Files.lines(file)) {
            String[] parts = lines.findFirst().orElse("").split(":", 2);
            if (parts.length < 2 || parts[0].isEmpty()) {
                throw SnapshotException.invalid("the first line of " + file + " must be user:password of the proxy");
            }
            return new ProxyLogin(parts[0], () -> parts[1]);
        } catch (IOException e) {
            throw SnapshotException.permanent(
                    "the file " + file + " should hold a login to the proxy, but cannot be read", e);
        }
    }

    @Override
    public String toString() {
        return "ProxyLogin[user=" + user + ", password=***]";
    }
}
