package io.stillframe.storage.swift;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The checked options of a store. */
record SwiftSettings(
        String container,
        String prefix,
        SwiftCredentials credentials,
        Optional<String> region,
        String service,
        Optional<URI> storageUrl,
        Optional<Path> caBundle,
        Optional<URI> proxy,
        Optional<ProxyLogin> proxyLogin,
        Optional<SwiftSecret> tempUrlKey,
        Duration connectTimeout,
        Duration stallTimeout,
        Duration completionTimeout) {}
