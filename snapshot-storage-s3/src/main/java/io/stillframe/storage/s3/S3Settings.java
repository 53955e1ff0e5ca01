package io.stillframe.storage.s3;

import io.stillframe.spi.StoreCapabilities;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A builder's values, checked; shared by everything that belongs to one store. Holds no secret itself. */
record S3Settings(
        String bucket,
        String prefix,
        Optional<URI> endpoint,
        Optional<String> region,
        boolean pathStyle,
        S3Credentials credentials,
        Optional<Path> caBundle,
        Optional<URI> proxy,
        Optional<ProxyLogin> proxyLogin,
        PayloadSigning payloadSigning,
        PartChecksums checksums,
        S3Encryption encryption,
        Optional<String> storageClass,
        Map<String, String> tags,
        Optional<S3ObjectLock> objectLock,
        StoreCapabilities capabilities,
        int connections,
        Duration connectTimeout,
        Duration stallTimeout,
        Duration requestTimeout,
        Duration completionTimeout) {

    /** Where the store is and everything else that a URI can say, without secrets. */
    String uri() {
        return S3Uri.format(this);
    }

    boolean signsPayload() {
        return switch (payloadSigning) {
            case ALWAYS -> true;
            case NEVER -> false;
            case AUTO ->
                endpoint.filter(e -> e.getScheme().equals("http") && !isLoopback(e.getHost()))
                        .isPresent();
        };
    }

    /** By the literal alone: a name could lead anywhere. */
    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.equals("[::1]") || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    }
}
