package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.StoreCapability;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Stores as URIs, both ways. What can hold a secret has no place in them. */
final class S3Uri {
    private static final Map<String, BiConsumer<S3ObjectStoreBuilder, String>> PARAMETERS = parameters();

    private S3Uri() {}

    /**
     * The builder that a URI describes.
     *
     * @param environment finds a variable, for what the URI leaves out
     */
    static S3ObjectStoreBuilder parse(URI uri, Function<String, Optional<String>> environment) {
        if (uri.getRawUserInfo() != null) {
            throw SnapshotException.invalid(
                    "an s3 URI must not hold credentials; give them by profile, AWS_* variables or the builder");
        }
        if (uri.getRawAuthority() == null || uri.getRawFragment() != null) {
            throw SnapshotException.invalid("an s3 URI is s3://bucket/prefix?name=value&…");
        }
        S3ObjectStoreBuilder builder = S3ObjectStore.builder(uri.getRawAuthority());
        String path = uri.getPath() == null ? "" : uri.getPath();
        builder.prefix(path.startsWith("/") ? path.substring(1) : path);
        Map<String, String> query = query(uri);
        fromEnvironment(query, environment);
        query.forEach((name, value) -> apply(builder, name, value));
        return builder;
    }

    static String format(S3Settings settings) {
        Map<String, String> query = new LinkedHashMap<>();
        settings.endpoint().ifPresent(value -> query.put("endpoint", value.toString()));
        settings.region().ifPresent(value -> query.put("region", value));
        if (settings.pathStyle() != settings.endpoint().isPresent()) {
            query.put("path-style", String.valueOf(settings.pathStyle()));
        }
        if (settings.credentials() instanceof S3Credentials.Profile profile
                && profile.file().isEmpty()) {
            query.put("profile", profile.name());
        }
        settings.caBundle().ifPresent(value -> query.put("ca", value.toString()));
        settings.proxy().ifPresent(value -> query.put("proxy", value.toString()));
        if (settings.payloadSigning() != PayloadSigning.AUTO) {
            query.put("payload-signing", lower(settings.payloadSigning()));
        }
        if (settings.checksums() != PartChecksums.CRC32C) {
            query.put("checksums", lower(settings.checksums()));
        }
        if (settings.capabilities().mostParts() != S3ObjectStoreBuilder.MOST_PARTS) {
            query.put("most-parts", String.valueOf(settings.capabilities().mostParts()));
        }
        if (settings.capabilities().largestObject() != S3ObjectStoreBuilder.LARGEST_OBJECT) {
            query.put("largest-object", String.valueOf(settings.capabilities().largestObject()));
        }
        settings.storageClass().ifPresent(value -> query.put("storage-class", value));
        formatEncryption(settings.encryption(), query);
        new TreeMap<>(settings.tags()).forEach((key, value) -> query.put("tag." + key, value));
        settings.objectLock().ifPresent(lock -> query.put("object-lock", lower(lock.mode()) + ":" + lock.period()));
        Set<StoreCapability> features = settings.capabilities().features();
        if (!features.equals(S3ObjectStoreBuilder.defaultFeatures(settings.endpoint()))) {
            query.put(
                    "features",
                    String.join(
                            ",", features.stream().map(S3Uri::lower).sorted().toList()));
        }
        StringBuilder text = new StringBuilder("s3://").append(settings.bucket());
        if (!settings.prefix().isEmpty()) {
            text.append(encodePath(
                    "/" + settings.prefix().substring(0, settings.prefix().length() - 1)));
        }
        char separator = '?';
        for (Map.Entry<String, String> entry : query.entrySet()) {
            text.append(separator).append(encode(entry.getKey())).append('=').append(encode(entry.getValue()));
            separator = '&';
        }
        return text.toString();
    }

    private static void formatEncryption(S3Encryption encryption, Map<String, String> query) {
        if (encryption instanceof S3Encryption.ServerKeys) {
            query.put("encryption", "server-keys");
        } else if (encryption instanceof S3Encryption.Kms kms) {
            query.put("encryption", "kms");
            kms.keyId().ifPresent(id -> query.put("kms-key", id));
        }
    }

    private static Map<String, BiConsumer<S3ObjectStoreBuilder, String>> parameters() {
        Map<String, BiConsumer<S3ObjectStoreBuilder, String>> known = new TreeMap<>();
        known.put("endpoint", (builder, value) -> builder.endpoint(uriOf("endpoint", value)));
        known.put("region", S3ObjectStoreBuilder::region);
        known.put("path-style", (builder, value) -> builder.pathStyle(truth("path-style", value)));
        known.put("profile", (builder, value) -> builder.credentials(S3Credentials.profile(value)));
        known.put("ca", (builder, value) -> builder.caBundle(Path.of(value)));
        known.put("proxy", (builder, value) -> builder.proxy(uriOf("proxy", value)));
        known.put("proxy-login-file", (builder, value) -> builder.proxyLogin(Path.of(value)));
        known.put("most-parts", (builder, value) -> builder.mostParts((int) count("most-parts", value, 1_000_000)));
        known.put(
                "largest-object",
                (builder, value) -> builder.largestObject(count("largest-object", value, Long.MAX_VALUE)));
        known.put(
                "payload-signing",
                (builder, value) -> builder.payloadSigning(choice("payload-signing", PayloadSigning.class, value)));
        known.put("checksums", (builder, value) -> builder.checksums(choice("checksums", PartChecksums.class, value)));
        known.put("storage-class", S3ObjectStoreBuilder::storageClass);
        known.put("encryption", S3Uri::encryption);
        known.put("kms-key", (builder, value) -> builder.encryption(S3Encryption.kms(Optional.of(value))));
        known.put("object-lock", (builder, value) -> builder.objectLock(lock(value)));
        known.put("features", (builder, value) -> builder.features(features(value)));
        return known;
    }

    private static void apply(S3ObjectStoreBuilder builder, String name, String value) {
        if (name.startsWith("tag.")) {
            builder.tag(name.substring(4), value);
            return;
        }
        BiConsumer<S3ObjectStoreBuilder, String> parameter = PARAMETERS.get(name);
        if (parameter == null) {
            throw SnapshotException.invalid(
                    "an s3 URI has no parameter '" + name + "'; known are " + PARAMETERS.keySet() + " and tag.NAME");
        }
        parameter.accept(builder, value);
    }

    private static void fromEnvironment(Map<String, String> query, Function<String, Optional<String>> environment) {
        environment
                .apply("AWS_ENDPOINT_URL_S3")
                .or(() -> environment.apply("AWS_ENDPOINT_URL"))
                .ifPresent(value -> query.putIfAbsent("endpoint", value));
        environment
                .apply("AWS_REGION")
                .or(() -> environment.apply("AWS_DEFAULT_REGION"))
                .ifPresent(value -> query.putIfAbsent("region", value));
        environment.apply("AWS_CA_BUNDLE").ifPresent(value -> query.putIfAbsent("ca", value));
    }

    private static void encryption(S3ObjectStoreBuilder builder, String value) {
        switch (value) {
            case "server-keys" -> builder.encryption(S3Encryption.serverKeys());
            case "kms" -> builder.encryption(S3Encryption.kms(Optional.empty()));
            default ->
                throw SnapshotException.invalid("encryption must be 'server-keys' or 'kms', got '" + value + "'");
        }
    }

    private static S3ObjectLock lock(String value) {
        int colon = value.indexOf(':');
        try {
            if (colon > 0) {
                S3ObjectLock.Mode mode = choice("object-lock", S3ObjectLock.Mode.class, value.substring(0, colon));
                return new S3ObjectLock(mode, Duration.parse(value.substring(colon + 1)));
            }
        } catch (java.time.format.DateTimeParseException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID,
                    "object-lock's period is written like P30D, got '" + value + "'",
                    e);
        }
        throw SnapshotException.invalid("object-lock is written like compliance:P30D, got '" + value + "'");
    }

    private static Set<StoreCapability> features(String value) {
        Set<StoreCapability> all = EnumSet.noneOf(StoreCapability.class);
        for (String name : value.split(",", -1)) {
            if (!name.isBlank()) {
                all.add(choice("features", StoreCapability.class, name.strip()));
            }
        }
        return all;
    }

    private static Map<String, String> query(URI uri) {
        Map<String, String> all = new TreeMap<>();
        if (uri.getRawQuery() == null) {
            return all;
        }
        for (String pair : uri.getRawQuery().split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw SnapshotException.invalid("an s3 URI's parameters are written name=value&…");
            }
            String name = decode(pair.substring(0, equals));
            if (all.put(name, decode(pair.substring(equals + 1))) != null) {
                throw SnapshotException.invalid("an s3 URI must not give '" + name + "' twice");
            }
        }
        return all;
    }

    private static URI uriOf(String name, String value) {
        try {
            return new URI(value);
        } catch (URISyntaxException e) {
            // Without the cause, whose message repeats the value.
            throw SnapshotException.invalid(name + " must be a URI such as https://host:port");
        }
    }

    private static long count(String name, String value, long most) {
        if (value.matches("[0-9]{1,18}") && Long.parseLong(value) <= most) {
            return Long.parseLong(value);
        }
        throw SnapshotException.invalid(name + " must be a whole number up to " + most + ", got '" + value + "'");
    }

    private static boolean truth(String name, String value) {
        if (value.equals("true") || value.equals("false")) {
            return value.equals("true");
        }
        throw SnapshotException.invalid(name + " must be 'true' or 'false', got '" + value + "'");
    }

    private static <E extends Enum<E>> E choice(String name, Class<E> type, String value) {
        for (E constant : type.getEnumConstants()) {
            if (lower(constant).equals(value)) {
                return constant;
            }
        }
        throw SnapshotException.invalid(name + " must be of "
                + Set.of(type.getEnumConstants()).stream()
                        .map(S3Uri::lower)
                        .sorted()
                        .toList() + ", got '" + value + "'");
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%3A", ":")
                .replace("%2F", "/")
                .replace("%2C", ",");
    }

    private static String encodePath(String path) {
        return URLEncoder.encode(path, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2F", "/");
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "an s3 URI has a parameter with a broken percent escape", e);
        }
    }
}
