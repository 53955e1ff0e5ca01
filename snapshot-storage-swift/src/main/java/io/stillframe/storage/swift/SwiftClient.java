package io.stillframe.storage.swift;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Makes calls with a token; a call that is refused for its token is made once more with a new one. Safe for use by several threads. */
final class SwiftClient {
    private final Transport transport;
    private final TokenHolder tokens;

    SwiftClient(Transport transport, TokenHolder tokens) {
        this.transport = transport;
        this.tokens = tokens;
    }

    /** The account's address, which every token is for. */
    URI account() {
        return tokens.current().storageUrl();
    }

    /**
     * The server's answer, whatever its status.
     *
     * @throws IOException if there was no whole answer: what was asked for may have happened
     * @throws io.stillframe.model.SnapshotException when authenticating fails: it has not
     */
    Answer raw(SwiftCall call) throws IOException {
        Grant grant = tokens.current();
        Answer answer = send(call, grant);
        return answer.status() == 401 ? send(call, tokens.after(grant)) : answer;
    }

    /** The same, a missing answer being TRANSIENT. */
    Answer call(String what, SwiftCall call) {
        try {
            return raw(call);
        } catch (IOException e) {
            throw SwiftErrors.unanswered(what, e);
        }
    }

    /** The same for an answer that must be a success. */
    Answer succeed(String what, SwiftCall call) {
        Answer answer = call(what, call);
        if (!answer.succeeded()) {
            throw SwiftErrors.of(what, answer);
        }
        return answer;
    }

    private Answer send(SwiftCall call, Grant grant) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(grant.storageUrl() + call.path))
                .header("X-Auth-Token", grant.token())
                .header("Accept", "application/json");
        call.headers.forEach(request::header);
        return transport.send(request, call.method, call.body, call.sent, call.target.map(ByteBuffer::duplicate));
    }

    /** An answer of the server itself, asked for without a token. */
    Optional<Answer> anonymous(URI address) {
        try {
            return Optional.of(transport.send(HttpRequest.newBuilder(address), "GET", Optional.empty()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
