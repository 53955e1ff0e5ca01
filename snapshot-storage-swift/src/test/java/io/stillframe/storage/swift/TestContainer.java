package io.stillframe.storage.swift;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Assertions;

/** A container of a test's own, and a look at what really lies in it and in its segments' container. */
final class TestContainer implements AutoCloseable {
    private final Transport transport;
    private final Grant grant;
    private final String name = "test-" + UUID.randomUUID();

    private TestContainer(SwiftCredentials credentials, String region) {
        SwiftSettings settings = SwiftObjectStore.builder("none")
                .credentials(credentials)
                .region(region)
                .settings();
        transport = new Transport(settings);
        grant = Authentications.of(transport, settings).authenticate();
        send("PUT", "/" + name);
    }

    static TestContainer create(SwiftCredentials credentials) {
        return new TestContainer(credentials, "");
    }

    static TestContainer create(SwiftCredentials credentials, String region) {
        return new TestContainer(credentials, region);
    }

    String name() {
        return name;
    }

    /** Credentials that ask nobody. */
    SwiftCredentials.Storage token() {
        return new SwiftCredentials.Storage(grant.storageUrl(), SwiftSecret.of(grant.token()));
    }

    List<String> objects() {
        return names(name);
    }

    List<String> segments() {
        return names(name + "_segments");
    }

    Answer send(String method, String path, String... headers) {
        return send(method, path, Optional.empty(), headers);
    }

    Answer send(String method, String path, Optional<ByteBuffer> body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(java.net.URI.create(grant.storageUrl() + path))
                .header("X-Auth-Token", grant.token());
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return transport.send(request, method, body);
        } catch (IOException e) {
            return Assertions.fail(method + " " + path, e);
        }
    }

    private List<String> names(String container) {
        Answer answer = send("GET", "/" + container + "?format=json");
        if (answer.status() == 404) {
            return List.of();
        }
        try {
            return Json.readArray(answer.body()).stream()
                    .map(entry -> Json.text((Map<?, ?>) entry, "name").orElse(""))
                    .toList();
        } catch (IOException e) {
            return Assertions.fail("no listing", e);
        }
    }

    @Override
    public void close() {
        for (String container : List.of(name, name + "_segments")) {
            names(container).forEach(object -> send("DELETE", SwiftNames.path(container, object)));
            send("DELETE", "/" + container);
        }
        transport.close();
    }
}
