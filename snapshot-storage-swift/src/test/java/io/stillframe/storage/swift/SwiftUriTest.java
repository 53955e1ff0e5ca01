package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectStoreProvider;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SwiftUriTest {
    private static final Map<String, String> OPENRC = Map.of(
            "OS_AUTH_URL", "https://keystone.example:5000",
            "OS_USERNAME", "user",
            "OS_PASSWORD", "top-secret",
            "OS_PROJECT_NAME", "project",
            "OS_USER_DOMAIN_ID", "default",
            "OS_REGION_NAME", "One",
            "OS_INTERFACE", "internalURL");

    @Test
    void theProviderIsFound() {
        assertThat(ServiceLoader.load(ObjectStoreProvider.class))
                .anySatisfy(provider -> assertThat(provider.schemes()).containsExactly("swift"));
    }

    @Test
    void variablesFillWhatTheUriLeavesOut() {
        SwiftSettings settings = settings("swift://my_container/a/b/", OPENRC);
        assertThat(settings.container()).isEqualTo("my_container");
        assertThat(settings.prefix()).isEqualTo("a/b/");
        assertThat(settings.region()).contains("One");
        assertThat(settings.service()).isEqualTo("internal");
        assertThat(settings.credentials()).isInstanceOfSatisfying(SwiftCredentials.Password.class, password -> {
            assertThat(password.userDomain()).isEqualTo(KeystoneName.id("default"));
            assertThat(password.projectDomain()).isEqualTo(KeystoneName.name("Default"));
            assertThat(password.password().reveal()).isEqualTo("top-secret");
        });
        assertThat(settings.toString()).doesNotContain("top-secret");
        SwiftSettings other = settings("swift://c?region=Two&interface=public", OPENRC);
        assertThat(other.region()).contains("Two");
        assertThat(other.service()).isEqualTo("public");
    }

    @Test
    void aUriIsWrittenAsItIsRead() {
        for (String uri : new String[] {
            "swift://c", "swift://c/p?region=One", "swift://my_c/a%20b/%C3%BC?region=R%202&interface=admin"
        }) {
            SwiftSettings settings = settings(
                    uri, Map.of("ST_AUTH", "https://swift.example/auth/v1.0", "ST_USER", "a:b", "ST_KEY", "secret"));
            assertThat(SwiftUri.format(settings)).isEqualTo(uri);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "swift:///p",
                "swift://user:hidden@c/p",
                "swift://c?password=hidden",
                "swift://c?interface=hidden",
                "swift://c/p#hidden",
                "swift://c/a/../hidden",
                "swift://c?proxy=http://u:hidden@host:1",
                "swift://c?storage-url=hidden",
                "swift://c?stall-seconds=hidden"
            })
    void badUrisAreRefusedWithoutShowingWhatMayBeASecret(String uri) {
        assertThat(failing(() -> settings(uri, OPENRC), Kind.INVALID)).hasMessageNotContaining("hidden");
    }

    @Test
    void missingCredentialsAreNamed() {
        assertThat(failing(() -> settings("swift://c", Map.of()), Kind.INVALID)).hasMessageContaining("OS_*");
        assertThat(failing(
                        () -> settings("swift://c", Map.of("OS_AUTH_URL", "http://k", "OS_USERNAME", "u")),
                        Kind.INVALID))
                .hasMessageContaining("OS_PASSWORD");
    }

    private static SwiftSettings settings(String uri, Map<String, String> environment) {
        return SwiftUri.parse(URI.create(uri), name -> Optional.ofNullable(environment.get(name)))
                .settings();
    }
}
