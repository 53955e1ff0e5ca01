package io.stillframe.storage.swift;

import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A server's answer. */
final class Answer {
    private final int status;
    private final HttpHeaders headers;
    private final byte[] body;

    /** @param body not copied */
    Answer(int status, HttpHeaders headers, byte[] body) {
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    int status() {
        return status;
    }

    /** Not a copy. */
    byte[] body() {
        return body;
    }

    boolean succeeded() {
        return status >= 200 && status < 300;
    }

    Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    /** An ETag without its quotes; empty if there is none. */
    String etag() {
        return unquoted(header("Etag").orElse(""));
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    static String unquoted(String etag) {
        return etag.length() > 1 && etag.startsWith("\"") && etag.endsWith("\"")
                ? etag.substring(1, etag.length() - 1)
                : etag;
    }

    /** Shows no token that headers or body may hold. */
    @Override
    public String toString() {
        return "answer " + status;
    }
}
