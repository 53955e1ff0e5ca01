package io.stillframe.storage.swift;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.ObjectStoreProvider;
import java.net.URI;
import java.util.Optional;
import java.util.Set;

/**
 * Opens {@link SwiftObjectStore}s at {@code swift://container/prefix?name=value&…}. Names: {@code region}, {@code interface},
 * {@code auth-url}, {@code storage-url}, {@code cacert}, {@code proxy}, {@code proxy-login-file} ({@code user:password}), {@code
 * stall-seconds} and {@code secret-file}. What the URI
 * leaves out is taken from the usual {@code OS_*} variables, or {@code ST_AUTH}, {@code ST_USER} and {@code ST_KEY}; who one is, from
 * them alone. Secrets have no place in a URI.
 */
public final class SwiftObjectStoreProvider implements ObjectStoreProvider {
    @Override
    public String name() {
        return "swift";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("swift");
    }

    @Override
    public ObjectStore open(URI uri) {
        return SwiftUri.parse(
                        uri, name -> Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty()))
                .build();
    }
}
