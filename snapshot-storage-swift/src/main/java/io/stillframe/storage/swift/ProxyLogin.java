package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * How to log in to an HTTP proxy, by its Basic scheme.
 *
 * @param password asked for at every request
 */
record ProxyLogin(String user, SwiftSecret password) {
    /** A secret of the form {@code user:password}. */
    static ProxyLogin of(SwiftSecret userAndPassword) {
        String user = part(userAndPassword, 0);
        return new ProxyLogin(user, () -> part(userAndPassword, 1));
    }

    private static String part(SwiftSecret userAndPassword, int index) {
        String[] parts = userAndPassword.reveal().split(":", 2);
        if (parts.length < 2 || parts[0].isEmpty()) {
            throw SnapshotException.invalid("a login to a proxy is written user:password");
        }
        return parts[index];
    }

    /** The value of {@code Proxy-Authorization} (RFC 7617). */
    String header() {
        byte[] login = (user + ":" + password.reveal()).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(login);
    }

    @Override
    public String toString() {
        return "ProxyLogin[user=" + user + ", password=***]";
    }
}
