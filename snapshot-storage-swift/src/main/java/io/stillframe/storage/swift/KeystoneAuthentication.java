package io.stillframe.storage.swift;

import com.fasterxml.jackson.core.JsonGenerator;
import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Keystone's API of version 3: a token, and with it the catalogue, from which the object store's address is taken. */
final class KeystoneAuthentication implements Authentication {
    private static final String SERVICE = "object-store";

    private final Transport transport;
    private final SwiftSettings settings;
    private final URI authUrl;

    KeystoneAuthentication(Transport transport, SwiftSettings settings, URI authUrl) {
        this.transport = transport;
        this.settings = settings;
        this.authUrl = tokens(authUrl);
    }

    private static URI tokens(URI authUrl) {
        String base = TokenLife.account(authUrl).toString();
        return URI.create(base + (base.endsWith("/v3") ? "" : "/v3") + "/auth/tokens");
    }

    @Override
    public Grant authenticate() {
        String what = "logging in to Keystone at " + authUrl;
        HttpRequest.Builder request = HttpRequest.newBuilder(authUrl)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json");
        ByteBuffer body = ByteBuffer.wrap(Json.write(this::writeRequest));
        try {
            Answer answer = transport.send(request, "POST", Optional.of(body));
            if (!answer.succeeded()) {
                throw answer.status() == 404
                        ? SnapshotException.permanent(what + ": nothing is there (404); check the address", null)
                        : SwiftErrors.of(what, answer);
            }
            String token = answer.header("X-Subject-Token")
                    .orElseThrow(() -> SnapshotException.permanent(what + ": the answer holds no token", null));
            Map<?, ?> described = Json.object(Json.readObject(answer.body()), "token");
            URI storage = settings.storageUrl().orElseGet(() -> endpoint(described));
            return new Grant(token, TokenLife.account(storage), TokenLife.renewAt(lifeSeconds(described)));
        } catch (IOException e) {
            throw SwiftErrors.unanswered(what, e);
        }
    }

    /** By the server's clock alone, whatever this machine's shows. */
    private static long lifeSeconds(Map<?, ?> token) {
        try {
            Instant issued = OffsetDateTime.parse(Json.text(token, "issued_at").orElse(""))
                    .toInstant();
            Instant expires = OffsetDateTime.parse(
                            Json.text(token, "expires_at").orElse(""))
                    .toInstant();
            return Math.max(0, Duration.between(issued, expires).toSeconds());
        } catch (DateTimeException e) {
            return TokenLife.UNKNOWN_SECONDS;
        }
    }

    private URI endpoint(Map<?, ?> token) {
        Map<String, String> byRegion = new TreeMap<>();
        boolean known = false;
        for (Object entry : Json.array(token, "catalog")) {
            if (entry instanceof Map<?, ?> service
                    && Json.text(service, "type").filter(SERVICE::equals).isPresent()) {
                known = true;
                collect(service, byRegion);
            }
        }
        if (!known) {
            throw SnapshotException.permanent("Keystone's catalogue for this project has no " + SERVICE, null);
        }
        return choose(byRegion);
    }

    private void collect(Map<?, ?> service, Map<String, String> byRegion) {
        for (Object entry : Json.array(service, "endpoints")) {
            if (entry instanceof Map<?, ?> endpoint
                    && Json.text(endpoint, "interface")
                            .filter(settings.service()::equals)
                            .isPresent()) {
                String region = Json.text(endpoint, "region_id")
                        .or(() -> Json.text(endpoint, "region"))
                        .orElse("");
                Json.text(endpoint, "url").ifPresent(url -> byRegion.putIfAbsent(region, url));
            }
        }
    }

    private URI choose(Map<String, String> byRegion) {
        String offered = "Keystone's catalogue offers " + SERVICE + " by the " + settings.service()
                + " interface in regions " + new TreeSet<>(byRegion.keySet());
        if (settings.region().isEmpty() && byRegion.size() == 1) {
            return URI.create(byRegion.values().iterator().next());
        }
        String region =
                settings.region().orElseThrow(() -> SnapshotException.invalid(offered + ": name one as region"));
        return Optional.ofNullable(byRegion.get(region))
                .map(URI::create)
                .orElseThrow(() -> SnapshotException.permanent(offered + ", but not in " + region, null));
    }

    private void writeRequest(JsonGenerator out) throws IOException {
        out.writeStartObject();
        out.writeObjectFieldStart("auth");
        out.writeObjectFieldStart("identity");
        SwiftCredentials credentials = settings.credentials();
        if (credentials instanceof SwiftCredentials.Password password) {
            writePassword(out, password);
            out.writeEndObject();
            writeScope(out, password.project(), password.projectDomain());
        } else if (credentials instanceof SwiftCredentials.Token token) {
            writeMethod(out, "token");
            out.writeStringField("id", token.token().reveal());
            out.writeEndObject();
            out.writeEndObject();
            writeScope(out, token.project(), token.projectDomain());
        } else if (credentials instanceof SwiftCredentials.ApplicationCredential application) {
            writeMethod(out, "application_credential");
            out.writeStringField("id", application.id());
            out.writeStringField("secret", application.secret().reveal());
            out.writeEndObject();
            out.writeEndObject();
        } else {
            throw new IllegalStateException("not Keystone's");
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void writeMethod(JsonGenerator out, String method) throws IOException {
        out.writeArrayFieldStart("methods");
        out.writeString(method);
        out.writeEndArray();
        out.writeObjectFieldStart(method);
    }

    private static void writePassword(JsonGenerator out, SwiftCredentials.Password password) throws IOException {
        writeMethod(out, "password");
        out.writeObjectFieldStart("user");
        out.writeStringField(password.user().kind(), password.user().value());
        if (password.user().kind().equals("name")) {
            writeDomain(out, password.userDomain());
        }
        out.writeStringField("password", password.password().reveal());
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void writeScope(JsonGenerator out, KeystoneName project, KeystoneName domain) throws IOException {
        out.writeObjectFieldStart("scope");
        out.writeObjectFieldStart("project");
        out.writeStringField(project.kind(), project.value());
        if (project.kind().equals("name")) {
            writeDomain(out, domain);
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void writeDomain(JsonGenerator out, KeystoneName domain) throws IOException {
        out.writeObjectFieldStart("domain");
        out.writeStringField(domain.kind(), domain.value());
        out.writeEndObject();
    }
}
