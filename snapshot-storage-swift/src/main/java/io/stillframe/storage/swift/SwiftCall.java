package io.stillframe.storage.swift;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** A request to the account; for one thread, can be sent several times. */
final class SwiftCall {
    final String method;
    final String path;
    final Map<String, String> headers = new LinkedHashMap<>();
    Optional<ByteBuffer> body = Optional.empty();
    LongAdder sent = new LongAdder();
    Optional<ByteBuffer> target = Optional.empty();

    /** @param path below the account, encoded, with a query if there is one */
    SwiftCall(String method, String path) {
        this.method = method;
        this.path = path;
    }

    /** Asks for the headers of a container, or of the account. Swift's answers to HEAD break HTTP's rules there: a 204 with a length. */
    static SwiftCall describing(String path) {
        return new SwiftCall("GET", path + "?format=json&limit=1");
    }

    SwiftCall header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    SwiftCall body(ByteBuffer bytes) {
        body = Optional.of(bytes);
        return this;
    }

    /** Counts the body's bytes that are handed to the connection. */
    SwiftCall counting(LongAdder bytes) {
        sent = bytes;
        return this;
    }

    SwiftCall into(ByteBuffer buffer) {
        target = Optional.of(buffer);
        return this;
    }
}
