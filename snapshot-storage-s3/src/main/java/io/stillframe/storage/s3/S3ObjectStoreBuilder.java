package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Options of an {@link S3ObjectStore}. Only the bucket is needed; everything is checked by {@link #build()}, which does not yet talk
 * to the server. For one thread.
 */
public final class S3ObjectStoreBuilder {
    private static final int SMALLEST_PART = 5 << 20;
    private static final long LARGEST_PART = 5L << 30;
    static final int MOST_PARTS = 10_000;
    static final long LARGEST_OBJECT = 5L << 40;
    private static final int MOST_TAGS = 10;

    /** A key may have 1024 bytes in all, of which {@link io.stillframe.spi.ObjectKey} takes 512. */
    private static final int LONGEST_PREFIX = 512;

    private final String bucket;
    private String prefix = "";
    private Optional<URI> endpoint = Optional.empty();
    private Optional<String> region = Optional.empty();
    private Optional<Boolean> pathStyle = Optional.empty();
    private S3Credentials credentials = S3Credentials.ofDefaults();
    private Optional<Path> caBundle = Optional.empty();
    private Optional<URI> proxy = Optional.empty();
    private Optional<ProxyLogin> proxyLogin = Optional.empty();
    private PayloadSigning payloadSigning = PayloadSigning.AUTO;
    private PartChecksums checksums = PartChecksums.CRC32C;
    private S3Encryption encryption = S3Encryption.bucketDefault();
    private Optional<String> storageClass = Optional.empty();
    private final Map<String, String> tags = new LinkedHashMap<>();
    private Optional<S3ObjectLock> objectLock = Optional.empty();
    private Optional<Set<StoreCapability>> features = Optional.empty();
    private int mostParts = MOST_PARTS;
    private long largestObject = LARGEST_OBJECT;
    private int connections = 64;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration stallTimeout = Duration.ofSeconds(30);
    private Duration requestTimeout = Duration.ofMinutes(2);
    private Duration completionTimeout = Duration.ofMinutes(10);

    S3ObjectStoreBuilder(String bucket) {
        this.bucket = bucket;
    }

    /** Comes before every key, as a folder would: {@code a/b} and {@code a/b/} are the same. Empty by default. */
    public S3ObjectStoreBuilder prefix(String value) {
        prefix = value;
        return this;
    }

    /**
     * The server, {@code http} or {@code https} with host and port alone. By default Amazon's of the region.
     *
     * <p>With an endpoint, buckets are addressed by path unless {@link #pathStyle} says otherwise, and no conditional write is relied
     * on unless {@link #features} says so.
     */
    public S3ObjectStoreBuilder endpoint(URI value) {
        endpoint = Optional.of(value);
        return this;
    }

    /** The region, which requests are signed for. By default as the SDK finds it, or {@code us-east-1} with an endpoint. */
    public S3ObjectStoreBuilder region(String value) {
        region = Optional.of(value);
        return this;
    }

    /** Whether the bucket is named in the path ({@code host/bucket}) or in the host ({@code bucket.host}). */
    public S3ObjectStoreBuilder pathStyle(boolean value) {
        pathStyle = Optional.of(value);
        return this;
    }

    /** Where credentials come from; {@link S3Credentials#ofDefaults()} by default. */
    public S3ObjectStoreBuilder credentials(S3Credentials value) {
        credentials = value;
        return this;
    }

    /** A PEM file with the authorities to trust instead of the JVM's. TLS is verified always. */
    public S3ObjectStoreBuilder caBundle(Path value) {
        caBundle = Optional.of(value);
        return this;
    }

    /**
     * An HTTP proxy, {@code http} or {@code https} with host and port alone. By default as the JVM's system properties and the usual
     * environment variables say.
     */
    public S3ObjectStoreBuilder proxy(URI value) {
        proxy = Optional.of(value);
        return this;
    }

    /**
     * How to log in to the proxy.
     *
     * @param password asked for when the store is opened
     */
    public S3ObjectStoreBuilder proxyLogin(String user, Supplier<String> password) {
        proxyLogin = Optional.of(new ProxyLogin(user, password));
        return this;
    }

    S3ObjectStoreBuilder proxyLogin(Path file) {
        proxyLogin = Optional.of(ProxyLogin.ofFile(file));
        return this;
    }

    /** {@link PayloadSigning#AUTO} by default. */
    public S3ObjectStoreBuilder payloadSigning(PayloadSigning value) {
        payloadSigning = value;
        return this;
    }

    /** {@link PartChecksums#CRC32C} by default. */
    public S3ObjectStoreBuilder checksums(PartChecksums value) {
        checksums = value;
        return this;
    }

    /** {@link S3Encryption#bucketDefault()} by default. */
    public S3ObjectStoreBuilder encryption(S3Encryption value) {
        encryption = value;
        return this;
    }

    /** Storage class of what is published, e.g. {@code STANDARD_IA}; the bucket's own by default. */
    public S3ObjectStoreBuilder storageClass(String value) {
        storageClass = Optional.of(value);
        return this;
    }

    /** A tag of what is published; at most {@value #MOST_TAGS}. */
    public S3ObjectStoreBuilder tag(String key, String value) {
        tags.put(key, value);
        return this;
    }

    /** Locks what is published; off by default. */
    public S3ObjectStoreBuilder objectLock(S3ObjectLock value) {
        objectLock = Optional.of(value);
        return this;
    }

    /**
     * What the endpoint can do. By default everything but expiry on Amazon's, and RESUME and LIST_UPLOADS elsewhere;
     * {@link S3ObjectStore#probe()} finds out more.
     */
    public S3ObjectStoreBuilder features(Set<StoreCapability> value) {
        features = Optional.of(Set.copyOf(value));
        return this;
    }

    /** Most parts of an object, 1 to 1,000,000; 10,000 by default, as Amazon's. */
    public S3ObjectStoreBuilder mostParts(int value) {
        mostParts = value;
        return this;
    }

    /** Most bytes of an object; 5 TiB by default. */
    public S3ObjectStoreBuilder largestObject(long value) {
        largestObject = value;
        return this;
    }

    /** Most connections at once, 1 to 1024; 64 by default. More calls than that wait. */
    public S3ObjectStoreBuilder connections(int value) {
        connections = value;
        return this;
    }

    /** Longest time to connect, and to negotiate TLS; 10 s by default. */
    public S3ObjectStoreBuilder connectTimeout(Duration value) {
        connectTimeout = value;
        return this;
    }

    /** A transfer of which no byte moves for this long has failed; 30 s by default. */
    public S3ObjectStoreBuilder stallTimeout(Duration value) {
        stallTimeout = value;
        return this;
    }

    /** Longest time of a call that moves no object data; 2 min by default. */
    public S3ObjectStoreBuilder requestTimeout(Duration value) {
        requestTimeout = value;
        return this;
    }

    /** Longest time in which a completion's outcome is looked for, when its answer is lost or late; 10 min by default. */
    public S3ObjectStoreBuilder completionTimeout(Duration value) {
        completionTimeout = value;
        return this;
    }

    /**
     * Opens the store.
     *
     * @return closed by the caller
     * @throws SnapshotException INVALID if a value is outside what is allowed or no region is known; PERMANENT if the CA bundle cannot
     *     be read or the customer key not be had
     */
    public S3ObjectStore build() {
        return new S3ObjectStore(settings());
    }

    S3Settings settings() {
        requireBucket();
        String folder = requirePrefix();
        endpoint.ifPresent(value -> requireHostAndPort("endpoint", value));
        proxy.ifPresent(value -> requireHostAndPort("proxy", value));
        caBundle.ifPresent(file -> require(Files.isReadable(file), "the CA bundle " + file + " cannot be read"));
        region.ifPresent(
                value -> require(value.matches("[A-Za-z0-9_-]{1,64}"), "the region has an unexpected character"));
        storageClass.ifPresent(value ->
                require(value.matches("[A-Za-z0-9_-]{1,64}"), "the storage class has an unexpected character"));
        require(proxyLogin.isEmpty() || proxy.isPresent(), "a login to a proxy needs the proxy's address");
        require(mostParts >= 1 && mostParts <= 1_000_000, "most parts must be 1 to 1000000, got " + mostParts);
        require(
                largestObject >= SMALLEST_PART,
                "the largest object has at least " + SMALLEST_PART + " bytes, got " + largestObject);
        requireTags();
        require(connections >= 1 && connections <= 1024, "connections must be 1 to 1024, got " + connections);
        requireTime("connect timeout", connectTimeout);
        requireTime("stall timeout", stallTimeout);
        requireTime("request timeout", requestTimeout);
        requireTime("completion timeout", completionTimeout);
        return new S3Settings(
                bucket,
                folder,
                endpoint,
                region,
                pathStyle.orElse(endpoint.isPresent()),
                credentials,
                caBundle,
                proxy,
                proxyLogin,
                payloadSigning,
                checksums,
                encryption,
                storageClass,
                Map.copyOf(tags),
                objectLock,
                capabilities(),
                connections,
                connectTimeout,
                stallTimeout,
                requestTimeout,
                completionTimeout);
    }

    static Set<StoreCapability> defaultFeatures(Optional<URI> endpoint) {
        boolean amazon = endpoint.isEmpty()
                || endpoint.get().getHost().endsWith(".amazonaws.com")
                || endpoint.get().getHost().endsWith(".amazonaws.com.cn");
        return amazon
                ? EnumSet.complementOf(EnumSet.of(StoreCapability.EXPIRY))
                : EnumSet.of(StoreCapability.RESUME, StoreCapability.LIST_UPLOADS);
    }

    private StoreCapabilities capabilities() {
        Set<StoreCapability> has = features.orElseGet(() -> defaultFeatures(endpoint));
        require(
                !has.contains(StoreCapability.EXPIRY),
                "S3 removes objects by rules of the bucket only: EXPIRY cannot be had");
        return new StoreCapabilities(has, SMALLEST_PART, LARGEST_PART, mostParts, largestObject);
    }

    private void requireBucket() {
        require(
                bucket.matches("[A-Za-z0-9][A-Za-z0-9._-]{1,254}"),
                "a bucket's name has 2 to 255 letters, digits, dots, dashes and underscores, got '" + bucket + "'");
    }

    private String requirePrefix() {
        if (prefix.isEmpty()) {
            return "";
        }
        String folder = prefix.endsWith("/") ? prefix : prefix + "/";
        require(
                folder.getBytes(StandardCharsets.UTF_8).length <= LONGEST_PREFIX,
                "a prefix has at most " + (LONGEST_PREFIX - 1) + " bytes");
        io.stillframe.spi.ObjectKey.of(folder.substring(0, folder.length() - 1));
        return folder;
    }

    private void requireTags() {
        require(tags.size() <= MOST_TAGS, "an object has at most " + MOST_TAGS + " tags, got " + tags.size());
        tags.forEach((key, value) -> require(
                !key.isEmpty() && key.length() <= 128 && value.length() <= 256,
                "a tag has a key of 1 to 128 and a value of at most 256 characters"));
    }

    private static void requireHostAndPort(String what, URI value) {
        boolean scheme = "http".equals(value.getScheme()) || "https".equals(value.getScheme());
        boolean path = value.getRawPath() == null
                || value.getRawPath().isEmpty()
                || value.getRawPath().equals("/");
        // The value itself is not shown: it may hold the very secret that it must not.
        require(
                scheme
                        && value.getHost() != null
                        && path
                        && value.getRawUserInfo() == null
                        && value.getRawQuery() == null
                        && value.getRawFragment() == null,
                "the " + what + " must be http:// or https:// with host and port alone, without user, path and query");
    }

    private static void requireTime(String what, Duration value) {
        require(
                value.compareTo(Duration.ofMillis(100)) >= 0 && value.compareTo(Duration.ofDays(1)) <= 0,
                "the " + what + " must be 100 ms to 1 day, got " + value);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw SnapshotException.invalid(otherwise);
        }
    }
}
