package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Options of a {@link SwiftObjectStore}. Container and credentials are needed. For one thread. */
public final class SwiftObjectStoreBuilder {
    private static final List<String> INTERFACES = List.of("public", "internal", "admin");

    /** A name may have 1024 bytes in all, of which keys take 512, and those of segments 70 more. */
    private static final int LONGEST_PREFIX = 400;

    /** The suffix of the segments' container takes nine of 256 bytes. */
    private static final int LONGEST_CONTAINER = 247;

    private final String container;
    private String prefix = "";
    private Optional<SwiftCredentials> credentials = Optional.empty();
    private Optional<String> region = Optional.empty();
    private String service = "public";
    private Optional<URI> storageUrl = Optional.empty();
    private Optional<Path> caBundle = Optional.empty();
    private Optional<URI> proxy = Optional.empty();
    private Optional<ProxyLogin> proxyLogin = Optional.empty();
    private Optional<SwiftSecret> tempUrlKey = Optional.empty();
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration stallTimeout = Duration.ofSeconds(60);
    private Duration completionTimeout = Duration.ofMinutes(10);

    SwiftObjectStoreBuilder(String container) {
        this.container = container;
    }

    /** Comes before every key, as a folder would: {@code a/b} and {@code a/b/} are the same. Empty by default. */
    public SwiftObjectStoreBuilder prefix(String value) {
        prefix = value;
        return this;
    }

    /** How to log in. */
    public SwiftObjectStoreBuilder credentials(SwiftCredentials value) {
        credentials = Optional.of(value);
        return this;
    }

    /** The region of Keystone's catalogue; needed only where it offers several. */
    public SwiftObjectStoreBuilder region(String value) {
        region = Optional.of(value);
        return this;
    }

    /** Which of the catalogue's addresses to use: {@code public} (the default), {@code internal} or {@code admin}. */
    public SwiftObjectStoreBuilder serviceInterface(String value) {
        String lower = value.toLowerCase(Locale.ROOT);
        service = lower.endsWith("url") ? lower.substring(0, lower.length() - 3) : lower;
        return this;
    }

    /** The account's address in place of what authentication tells, e.g. {@code https://host/v1/AUTH_account}. */
    public SwiftObjectStoreBuilder storageUrl(URI value) {
        storageUrl = Optional.of(value);
        return this;
    }

    /** A PEM file with the authorities to trust instead of the JVM's. TLS is verified always. */
    public SwiftObjectStoreBuilder caBundle(Path value) {
        caBundle = Optional.of(value);
        return this;
    }

    /** An HTTP proxy, {@code http} with host and port alone. By default as the JVM's system properties say. */
    public SwiftObjectStoreBuilder proxy(URI value) {
        proxy = Optional.of(value);
        return this;
    }

    /**
     * How to log in to the proxy, by its Basic scheme. For {@code https} servers the JVM sends such a login only if it was started with
     * {@code -Djdk.http.auth.tunneling.disabledSchemes=}.
     */
    public SwiftObjectStoreBuilder proxyLogin(String user, SwiftSecret password) {
        proxyLogin = Optional.of(new ProxyLogin(user, password));
        return this;
    }

    /** The same from one secret of the form {@code user:password}. */
    SwiftObjectStoreBuilder proxyLogin(SwiftSecret userAndPassword) {
        proxyLogin = Optional.of(ProxyLogin.of(userAndPassword));
        return this;
    }

    /** The account's key of temporary URLs; by default it is asked for when needed. */
    public SwiftObjectStoreBuilder tempUrlKey(SwiftSecret value) {
        tempUrlKey = Optional.of(value);
        return this;
    }

    /** Longest time to connect; 10 s by default. */
    public SwiftObjectStoreBuilder connectTimeout(Duration value) {
        connectTimeout = value;
        return this;
    }

    /**
     * Longest time without a byte moving in an exchange; 60 s by default. A server that checks a manifest's segments sends a byte every
     * 10 s, and one that deletes many objects likewise.
     */
    public SwiftObjectStoreBuilder stallTimeout(Duration value) {
        stallTimeout = value;
        return this;
    }

    /** How long the completion of an upload is repeated while its outcome is uncertain; 10 min by default. */
    public SwiftObjectStoreBuilder completionTimeout(Duration value) {
        completionTimeout = value;
        return this;
    }

    /**
     * Logs in and looks at the container.
     *
     * @return closed by the caller
     * @throws SnapshotException INVALID for a bad option; PERMANENT for refused credentials or a missing container; UNSUPPORTED if the
     *     cluster has no static large objects; TRANSIENT, THROTTLED
     */
    public SwiftObjectStore build() {
        return new SwiftObjectStore(settings());
    }

    SwiftSettings settings() {
        requireContainer();
        requireTimeout("connect timeout", connectTimeout);
        requireTimeout("stall timeout", stallTimeout);
        requireTimeout("completion timeout", completionTimeout);
        if (!INTERFACES.contains(service)) {
            throw SnapshotException.invalid("the interface is one of " + INTERFACES);
        }
        proxy.ifPresent(value -> requireAddress("proxy", value, List.of("http")));
        storageUrl.ifPresent(value -> requireAddress("storage URL", value, List.of("http", "https")));
        if (proxyLogin.isPresent() && proxy.isEmpty()) {
            throw SnapshotException.invalid("a login to a proxy needs the proxy's address");
        }
        SwiftCredentials known = credentials.orElseThrow(() -> SnapshotException.invalid(
                "no credentials for Swift: give OS_* or ST_* variables, " + "or the builder's credentials"));
        return new SwiftSettings(
                container,
                normalizedPrefix(),
                known,
                region,
                service,
                storageUrl,
                caBundle,
                proxy,
                proxyLogin,
                tempUrlKey,
                connectTimeout,
                stallTimeout,
                completionTimeout);
    }

    private void requireContainer() {
        int length = container.getBytes(StandardCharsets.UTF_8).length;
        if (length < 1 || length > LONGEST_CONTAINER || container.indexOf('/') >= 0) {
            throw SnapshotException.invalid(
                    "a container's name has 1 to " + LONGEST_CONTAINER + " bytes and no slash, got " + length);
        }
    }

    private String normalizedPrefix() {
        String normal = prefix.replaceAll("^/+|/+$", "");
        if (normal.getBytes(StandardCharsets.UTF_8).length > LONGEST_PREFIX) {
            throw SnapshotException.invalid("a prefix has at most " + LONGEST_PREFIX + " bytes");
        }
        if (!normal.isEmpty()) {
            io.stillframe.spi.ObjectKey.of(normal);
        }
        return normal.isEmpty() ? "" : normal + "/";
    }

    private static void requireTimeout(String what, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(Duration.ofDays(1)) > 0) {
            throw SnapshotException.invalid("the " + what + " is 1 ms to 1 day, got " + value);
        }
    }

    private static void requireAddress(String what, URI value, List<String> schemes) {
        String scheme = value.getScheme();
        if (scheme == null || !schemes.contains(scheme) || value.getHost() == null || value.getRawUserInfo() != null) {
            throw SnapshotException.invalid(
                    "the " + what + " is " + String.join(" or ", schemes) + " with a host and without credentials");
        }
    }
}
