package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Stores as URIs, both ways. What can hold a secret has no place in them. */
final class SwiftUri {
    private static final Set<String> PARAMETERS = Set.of(
            "region",
            "interface",
            "auth-url",
            "storage-url",
            "cacert",
            "proxy",
            "proxy-login-file",
            "stall-seconds",
            "secret-file");

    private final Map<String, String> query;
    private final Function<String, Optional<String>> environment;

    private SwiftUri(Map<String, String> query, Function<String, Optional<String>> environment) {
        this.query = query;
        this.environment = environment;
    }

    /**
     * The builder that a URI describes.
     *
     * @param environment finds a variable, for what the URI leaves out
     */
    static SwiftObjectStoreBuilder parse(URI uri, Function<String, Optional<String>> environment) {
        String authority = uri.getRawAuthority();
        if (authority == null || uri.getRawFragment() != null) {
            throw SnapshotException.invalid("a swift URI is swift://container/prefix?name=value&…");
        }
        if (authority.indexOf('@') >= 0) {
            throw SnapshotException.invalid(
                    "a swift URI must not hold credentials; give them by OS_* or ST_* variables");
        }
        SwiftObjectStoreBuilder builder = SwiftObjectStore.builder(decode(authority));
        builder.prefix(uri.getPath() == null ? "" : uri.getPath());
        new SwiftUri(query(uri), environment).apply(builder);
        return builder;
    }

    private void apply(SwiftObjectStoreBuilder builder) {
        value("region", "OS_REGION_NAME").ifPresent(builder::region);
        value("interface", "OS_INTERFACE")
                .or(() -> environment.apply("OS_ENDPOINT_TYPE"))
                .ifPresent(builder::serviceInterface);
        value("cacert", "OS_CACERT").map(Path::of).ifPresent(builder::caBundle);
        Optional.ofNullable(query.get("proxy"))
                .map(text -> address("proxy", text))
                .ifPresent(builder::proxy);
        Optional.ofNullable(query.get("proxy-login-file"))
                .map(file -> SwiftSecret.ofFile(Path.of(file)))
                .ifPresent(builder::proxyLogin);
        value("storage-url", "OS_STORAGE_URL")
                .map(text -> address("storage-url", text))
                .ifPresent(builder::storageUrl);
        Optional.ofNullable(query.get("stall-seconds")).map(SwiftUri::seconds).ifPresent(builder::stallTimeout);
        environment.apply("OS_TEMP_URL_KEY").map(SwiftSecret::of).ifPresent(builder::tempUrlKey);
        credentials().ifPresent(builder::credentials);
    }

    private Optional<SwiftCredentials> credentials() {
        Optional<URI> keystone = value("auth-url", "OS_AUTH_URL").map(text -> address("auth-url", text));
        Optional<String> application = environment.apply("OS_APPLICATION_CREDENTIAL_ID");
        Optional<String> user = environment.apply("OS_USERNAME").or(() -> environment.apply("OS_USER_ID"));
        Optional<String> token = environment.apply("OS_TOKEN").or(() -> environment.apply("OS_AUTH_TOKEN"));
        Optional<String> storage = value("storage-url", "OS_STORAGE_URL");
        if (keystone.isPresent() && application.isPresent()) {
            return Optional.of(new SwiftCredentials.ApplicationCredential(
                    keystone.get(), application.get(), secret("OS_APPLICATION_CREDENTIAL_SECRET")));
        }
        if (keystone.isPresent() && user.isPresent()) {
            return Optional.of(new SwiftCredentials.Password(
                    keystone.get(),
                    named("OS_USER_ID", "OS_USERNAME", ""),
                    named("OS_USER_DOMAIN_ID", "OS_USER_DOMAIN_NAME", "Default"),
                    secret("OS_PASSWORD"),
                    project(),
                    projectDomain()));
        }
        if (storage.isPresent() && token.isPresent()) {
            return Optional.of(
                    new SwiftCredentials.Storage(address("storage-url", storage.get()), SwiftSecret.of(token.get())));
        }
        if (keystone.isPresent() && token.isPresent()) {
            return Optional.of(new SwiftCredentials.Token(
                    keystone.get(), SwiftSecret.of(token.get()), project(), projectDomain()));
        }
        return value("auth-url", "ST_AUTH")
                .map(text -> address("ST_AUTH", text))
                .flatMap(url -> environment
                        .apply("ST_USER")
                        .map(name -> new SwiftCredentials.TempAuth(url, name, secret("ST_KEY"))));
    }

    private KeystoneName project() {
        return named("OS_PROJECT_ID", "OS_PROJECT_NAME", "");
    }

    private KeystoneName projectDomain() {
        return named("OS_PROJECT_DOMAIN_ID", "OS_PROJECT_DOMAIN_NAME", "Default");
    }

    private KeystoneName named(String id, String name, String otherwise) {
        return environment
                .apply(id)
                .map(KeystoneName::id)
                .or(() -> environment.apply(name).map(KeystoneName::name))
                .or(() -> otherwise.isEmpty() ? Optional.empty() : Optional.of(KeystoneName.name(otherwise)))
                .orElseThrow(() -> SnapshotException.invalid("Swift's login lacks " + name + " or " + id));
    }

    /** From the variable as it is now, unless the URI names a file. */
    private SwiftSecret secret(String variable) {
        String file = query.get("secret-file");
        if (file != null) {
            return SwiftSecret.ofFile(Path.of(file));
        }
        return SwiftSecret.of(environment
                .apply(variable)
                .orElseThrow(() ->
                        SnapshotException.invalid("Swift's login lacks " + variable + " or the URI's secret-file")));
    }

    private Optional<String> value(String parameter, String variable) {
        return Optional.ofNullable(query.get(parameter)).or(() -> environment.apply(variable));
    }

    private static URI address(String what, String text) {
        try {
            URI address = URI.create(text);
            if (address.getHost() == null || address.getRawUserInfo() != null) {
                throw SnapshotException.invalid(what + " must be a URL with a host and without credentials");
            }
            return address;
        } catch (IllegalArgumentException e) {
            throw SnapshotException.invalid(what + " is not a URL");
        }
    }

    private static Duration seconds(String text) {
        if (!text.matches("[0-9]{1,5}")) {
            throw SnapshotException.invalid("stall-seconds is a whole number of seconds");
        }
        return Duration.ofSeconds(Long.parseLong(text));
    }

    private static Map<String, String> query(URI uri) {
        Map<String, String> query = new LinkedHashMap<>();
        if (uri.getRawQuery() == null) {
            return query;
        }
        for (String pair : uri.getRawQuery().split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            if (!PARAMETERS.contains(name)) {
                throw SnapshotException.invalid("a swift URI has the parameters "
                        + PARAMETERS.stream().sorted().toList() + ", not one of another name");
            }
            query.put(name, decode(pair.substring(equals + 1)));
        }
        return query;
    }

    static String format(SwiftSettings settings) {
        Map<String, String> query = new LinkedHashMap<>();
        settings.region().ifPresent(value -> query.put("region", value));
        if (!settings.service().equals("public")) {
            query.put("interface", settings.service());
        }
        settings.storageUrl().ifPresent(value -> query.put("storage-url", value.toString()));
        settings.caBundle().ifPresent(value -> query.put("cacert", value.toString()));
        settings.proxy().ifPresent(value -> query.put("proxy", value.toString()));
        StringBuilder text = new StringBuilder("swift:/").append(SwiftNames.path(settings.container()));
        if (!settings.prefix().isEmpty()) {
            text.append('/')
                    .append(SwiftNames.encode(
                            settings.prefix().substring(0, settings.prefix().length() - 1)));
        }
        char separator = '?';
        for (Map.Entry<String, String> entry : query.entrySet()) {
            text.append(separator)
                    .append(entry.getKey())
                    .append('=')
                    .append(URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8)
                            .replace("+", "%20"));
            separator = '&';
        }
        return text.toString();
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw SnapshotException.invalid("a swift URI with a broken percent escape");
        }
    }
}
