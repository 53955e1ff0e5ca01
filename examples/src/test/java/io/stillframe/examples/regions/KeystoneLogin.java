package io.stillframe.examples.regions;

import io.stillframe.storage.swift.KeystoneName;
import io.stillframe.storage.swift.SwiftCredentials;
import io.stillframe.storage.swift.SwiftSecret;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The lab's Keystone: one account for its user in each of its regions, and what a test does there past every store. */
final class KeystoneLogin {
    private static final Pattern ENDPOINT = Pattern.compile("\\{[^{}]*/v1/AUTH_[^{}]*\\}");
    private static final Pattern FIELD = Pattern.compile("\"(region|interface|url)\": *\"([^\"]*)\"");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<String, String> settings;
    private final String token;
    /** The account's address by region. */
    private final Map<String, URI> accounts = new HashMap<>();

    KeystoneLogin(Map<String, String> settings) {
        this.settings = settings;
        HttpResponse<String> answer =
                exchange(HttpRequest.newBuilder(URI.create(setting("OS_AUTH_URL") + "/auth/tokens"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(password())));
        this.token = answer.headers().firstValue("X-Subject-Token").orElseThrow();
        ENDPOINT.matcher(answer.body()).results().forEach(endpoint -> {
            Map<String, String> fields = new HashMap<>();
            Matcher field = FIELD.matcher(endpoint.group());
            while (field.find()) {
                fields.put(field.group(1), field.group(2));
            }
            if ("public".equals(fields.get("interface"))) {
                accounts.put(fields.get("region"), URI.create(fields.get("url")));
            }
        });
    }

    SwiftCredentials credentials() {
        return new SwiftCredentials.Password(
                URI.create(setting("OS_AUTH_URL")),
                KeystoneName.name(setting("OS_USERNAME")),
                KeystoneName.name(setting("OS_USER_DOMAIN_NAME")),
                SwiftSecret.of(setting("OS_PASSWORD")),
                KeystoneName.name(setting("OS_PROJECT_NAME")),
                KeystoneName.name(setting("OS_PROJECT_DOMAIN_NAME")));
    }

    URI account(String region) {
        if (!accounts.containsKey(region)) {
            throw new IllegalStateException("no region " + region + " among " + accounts);
        }
        return accounts.get(region);
    }

    void makeContainer(String region, String name) {
        send(region, "PUT", "/" + name);
    }

    /** Names of a container's objects; none if it is not there. */
    List<String> objects(String region, String container) {
        HttpResponse<String> listing = send(region, "GET", "/" + container);
        return listing.statusCode() == 200 ? listing.body().lines().toList() : List.of();
    }

    void removeContainer(String region, String container) {
        for (String object : new ArrayList<>(objects(region, container))) {
            send(region, "DELETE", "/" + container + "/" + object);
        }
        send(region, "DELETE", "/" + container);
    }

    private HttpResponse<String> send(String region, String method, String path) {
        return exchange(HttpRequest.newBuilder(URI.create(account(region) + path))
                .header("X-Auth-Token", token)
                .method(method, HttpRequest.BodyPublishers.noBody()));
    }

    private HttpResponse<String> exchange(HttpRequest.Builder request) {
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IllegalStateException("the lab's Keystone or Swift does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private String password() {
        return """
                {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "%s",
                 "domain": {"name": "%s"}, "password": "%s"}}},
                 "scope": {"project": {"name": "%s", "domain": {"name": "%s"}}}}}
                """.formatted(
                        setting("OS_USERNAME"),
                        setting("OS_USER_DOMAIN_NAME"),
                        setting("OS_PASSWORD"),
                        setting("OS_PROJECT_NAME"),
                        setting("OS_PROJECT_DOMAIN_NAME"));
    }

    private String setting(String name) {
        String value = settings.get(name);
        if (value == null) {
            throw new IllegalStateException("the lab's settings lack " + name);
        }
        return value;
    }
}
