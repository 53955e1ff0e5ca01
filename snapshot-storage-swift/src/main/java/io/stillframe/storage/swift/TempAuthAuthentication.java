package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Optional;

/** Swift's authentication of version 1: user and key in headers, token and address in the answer's. */
final class TempAuthAuthentication implements Authentication {
    private final Transport transport;
    private final SwiftCredentials.TempAuth credentials;

    TempAuthAuthentication(Transport transport, SwiftCredentials.TempAuth credentials) {
        this.transport = transport;
        this.credentials = credentials;
    }

    @Override
    public Grant authenticate() {
        String what = "logging in to " + credentials.authUrl() + " as " + credentials.user();
        HttpRequest.Builder request = HttpRequest.newBuilder(credentials.authUrl())
                .header("X-Auth-User", credentials.user())
                .header("X-Auth-Key", credentials.key().reveal());
        try {
            Answer answer = transport.send(request, "GET", Optional.empty());
            if (!answer.succeeded()) {
                throw SwiftErrors.of(what, answer);
            }
            long seconds = answer.header("X-Auth-Token-Expires")
                    .filter(text -> text.matches("[0-9]{1,9}"))
                    .map(Long::parseLong)
                    .orElse(TokenLife.UNKNOWN_SECONDS);
            return new Grant(
                    required(answer, "X-Auth-Token", what),
                    TokenLife.account(URI.create(required(answer, "X-Storage-Url", what))),
                    TokenLife.renewAt(seconds));
        } catch (IOException e) {
            throw SwiftErrors.unanswered(what, e);
        }
    }

    private static String required(Answer answer, String header, String what) {
        return answer.header(header)
                .orElseThrow(() -> SnapshotException.permanent(what + ": the answer lacks " + header, null));
    }
}
