package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.storage.swift.Uploads.PART;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.testing.ForwardProxy;
import io.stillframe.testing.TestAuthority;
import io.stillframe.testing.TlsFront;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways to a cluster: TLS with an authority of one's own, and proxies; and what is left of them once a store is closed. */
final class ThroughProxiesTest {
    private static final byte[] CONTENT = Bytes.random(2 * PART + 5, 5);

    @TempDir
    static Path keys;

    private static TestAuthority authority;
    private static SSLContext identity;
    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer container = TestContainer.create(lab.tempAuth());

    @BeforeAll
    static void makeKeys() {
        authority = TestAuthority.create(keys, "trusted");
        identity = authority.identity("ip:127.0.0.1");
    }

    @AfterEach
    void close() {
        container.close();
    }

    private SwiftObjectStoreBuilder builder() {
        return SwiftObjectStore.builder(container.name()).credentials(lab.tempAuth());
    }

    /** The cluster tells its plain address: the other one is the builder's. */
    private SwiftObjectStoreBuilder over(TlsFront tls) {
        return SwiftObjectStore.builder(container.name())
                .credentials(lab.tempAuth(URI.create(tls.uri() + "/auth/v1.0")))
                .storageUrl(
                        URI.create(tls.uri() + container.token().storageUrl().getPath()));
    }

    private TlsFront front(SSLContext server) {
        return TlsFront.inFrontOf(lab.tempAuth().authUrl().getPort(), server);
    }

    private static void requireWorking(SwiftObjectStoreBuilder builder) {
        try (SwiftObjectStore store = builder.build()) {
            Uploads.upload(store, CONTENT, PublishMode.REPLACE);
            assertThat(Uploads.read(store)).isEqualTo(CONTENT);
        }
    }

    @Test
    void aServerWithACertificateOfTheGivenAuthorityIsTrustedAndNoOther() {
        TestAuthority other = TestAuthority.create(keys, "other");
        try (TlsFront tls = front(identity)) {
            requireWorking(over(tls).caBundle(authority.pem()));
            for (SwiftObjectStoreBuilder builder :
                    new SwiftObjectStoreBuilder[] {over(tls).caBundle(other.pem()), over(tls)}) {
                assertThat(failing(builder::build, Kind.PERMANENT)).hasMessageContaining("certificate is not trusted");
            }
        }
    }

    @Test
    void aCertificateForAnotherHostIsRefused() {
        try (TlsFront tls = front(authority.identity("dns:elsewhere.test"))) {
            SwiftObjectStoreBuilder builder = over(tls).caBundle(authority.pem());
            assertThat(failing(builder::build, Kind.PERMANENT)).hasMessageContaining("certificate is not trusted");
        }
    }

    @Test
    void aProxyTakesPlainRequestsAndTunnelsTls() {
        try (ForwardProxy proxy = ForwardProxy.open();
                TlsFront tls = front(identity)) {
            requireWorking(builder().proxy(proxy.uri()));
            requireWorking(over(tls).caBundle(authority.pem()).proxy(proxy.uri()));
            assertThat(proxy.requests())
                    .anyMatch(line -> line.startsWith("PUT http://127.0.0.1:"))
                    .anyMatch(line ->
                            line.startsWith("CONNECT 127.0.0.1:" + tls.uri().getPort()));
        }
    }

    /** Each tunnel is one connection. */
    @Test
    void oneConnectionServesAllRequestsThatFollowEachOther() {
        try (ForwardProxy proxy = ForwardProxy.open();
                TlsFront tls = front(identity)) {
            requireWorking(over(tls).caBundle(authority.pem()).proxy(proxy.uri()));
            assertThat(proxy.requests()).hasSize(1);
        }
    }

    @Test
    void aProxyWantsItsLoginWhichIsShownNowhere() throws Exception {
        // user:very-secret
        try (ForwardProxy proxy = ForwardProxy.withLogin("Basic dXNlcjp2ZXJ5LXNlY3JldA==")) {
            requireWorking(builder().proxy(proxy.uri()).proxyLogin("user", SwiftSecret.of("very-secret")));
            SwiftObjectStoreBuilder wrong =
                    builder().proxy(proxy.uri()).proxyLogin("user", SwiftSecret.of("very-wrong"));
            SnapshotException refused = failing(wrong::build, Kind.PERMANENT);
            assertThat(refused).hasMessageContaining("407").hasMessageNotContaining("very-wrong");
            Path file = Files.writeString(keys.resolve("login"), "user:very-secret\n");
            SwiftObjectStoreBuilder described = SwiftUri.parse(
                            URI.create("swift://" + container.name() + "?proxy=" + proxy.uri() + "&proxy-login-file="
                                    + file),
                            name -> Optional.empty())
                    .credentials(lab.tempAuth());
            assertThat(described.settings().toString()).doesNotContain("very-secret");
            requireWorking(described);
        }
    }

    @Test
    void aProbeTriesWhatTheClusterDoesAndLeavesNothing() {
        try (SwiftObjectStore store = builder().build()) {
            StoreCapabilities found = store.probe();
            assertThat(found).isEqualTo(store.capabilities());
        }
        assertThat(container.objects()).isEmpty();
        assertThat(container.segments()).isEmpty();
    }

    @Test
    void threadsEndWithTheStore() {
        long before = threads();
        requireWorking(builder());
        // Before Java 21 they end once the collector has seen that nobody has the client any more.
        Awaitility.await().untilAsserted(() -> {
            System.gc();
            assertThat(threads()).isLessThanOrEqualTo(before);
        });
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("HttpClient-")
                        || thread.getName().startsWith("stillframe-swift"))
                .count();
    }
}
