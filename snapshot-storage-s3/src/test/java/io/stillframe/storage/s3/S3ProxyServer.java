package io.stillframe.storage.s3;

import java.net.URI;
import java.util.Objects;
import java.util.Optional;
import org.gaul.s3proxy.AccessGrant;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** s3proxy in this process, keeping everything in memory: an S3 server for every machine. One for all tests. */
final class S3ProxyServer implements BeforeAllCallback {
    private static final S3Credentials.Keys KEYS =
            new S3Credentials.Keys("in-process", "not-much-of-a-secret", Optional.empty());

    private @Nullable S3Server server;

    S3Server server() {
        return Objects.requireNonNull(server, "started before all tests");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        server = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(S3ProxyServer.class, type -> Running.start(), Running.class)
                .server();
    }

    private record Running(S3Proxy proxy, S3Server server) implements AutoCloseable {
        static Running start() {
            BlobStore memory = new TransientNio2BlobStore();
            S3Proxy proxy = S3Proxy.builder()
                    .blobStore(memory)
                    .endpoint(URI.create("http://127.0.0.1:0"))
                    .awsAuthentication(AuthenticationType.AWS_V4, KEYS.accessKey(), KEYS.secretKey())
                    .v4MaxNonChunkedRequestSize(128 << 20)
                    .build();
            proxy.setBlobStoreLocator((identity, container, blob) -> new AccessGrant(KEYS.secretKey(), memory));
            try {
                proxy.start();
            } catch (Exception e) {
                throw new IllegalStateException("s3proxy does not start", e);
            }
            URI endpoint = URI.create("http://127.0.0.1:" + proxy.getPort());
            return new Running(proxy, new S3Server(endpoint, "us-east-1", KEYS));
        }

        @Override
        public void close() {
            server.close();
            try {
                proxy.stop();
            } catch (Exception e) {
                throw new IllegalStateException("s3proxy does not stop", e);
            }
        }
    }
}
