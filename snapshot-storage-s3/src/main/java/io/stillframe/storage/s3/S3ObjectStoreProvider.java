package io.stillframe.storage.s3;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.ObjectStoreProvider;
import java.net.URI;
import java.util.Optional;
import java.util.Set;

/**
 * Opens {@code s3://bucket/prefix?name=value&…}. All parameters can be left out:
 *
 * <ul>
 *   <li>{@code endpoint}: the server, e.g. {@code http://10.0.0.1:7480}; else {@code AWS_ENDPOINT_URL_S3} or {@code AWS_ENDPOINT_URL},
 *       else Amazon's
 *   <li>{@code region}: else {@code AWS_REGION}, {@code AWS_DEFAULT_REGION} or the profile's
 *   <li>{@code path-style}: {@code true} or {@code false}; by default true with an endpoint
 *   <li>{@code profile}: of the shared credentials files; by default the SDK's chain with {@code AWS_*} variables and roles
 *   <li>{@code ca}: a PEM file of authorities to trust; else {@code AWS_CA_BUNDLE}
 *   <li>{@code proxy}: e.g. {@code http://10.0.0.2:3128}
 *   <li>{@code payload-signing}: {@code auto}, {@code always}, {@code never}; see {@link PayloadSigning}
 *   <li>{@code checksums}: {@code crc32c}, {@code md5}, {@code none}; see {@link PartChecksums}
 *   <li>{@code encryption}: {@code server-keys} or {@code kms}, with {@code kms-key} for the key's id
 *   <li>{@code storage-class}, {@code tag.NAME} for each tag, {@code object-lock} such as {@code compliance:P30D}
 *   <li>{@code features}: what the endpoint can do, parted by commas, of {@code create-if-absent},
 *       {@code create-if-absent-on-complete}, {@code resume}, {@code list-uploads}; see {@link S3ObjectStoreBuilder#features}
 * </ul>
 *
 * <p>Credentials have no place in a URI; one that holds them is refused.
 */
public final class S3ObjectStoreProvider implements ObjectStoreProvider {
    /** For {@link java.util.ServiceLoader}. */
    public S3ObjectStoreProvider() {}

    @Override
    public String name() {
        return "s3";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("s3");
    }

    @Override
    public ObjectStore open(URI uri) {
        return S3Uri.parse(uri, name -> Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank()))
                .build();
    }
}
