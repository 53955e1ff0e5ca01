package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Logging in by all ways, and being refused. */
final class AccessTest {
    private static final ObjectKey KEY = ObjectKey.of("k");

    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer one = TestContainer.create(lab.password(), "RegionOne");

    @AfterEach
    void close() {
        one.close();
    }

    @Test
    void aRegionOfTheCatalogueIsChosen() {
        try (SwiftObjectStore store = open(lab.password(), "RegionOne")) {
            store.put(KEY, ByteBuffer.allocate(3), PublishMode.REPLACE, UploadOptions.ofDefaults());
        }
        assertThat(failing(() -> open(lab.password(), "RegionTwo"), Kind.PERMANENT))
                .hasMessageContaining("does not exist");
        assertThat(failing(() -> open(lab.password(), "Atlantis"), Kind.PERMANENT))
                .hasMessageContaining("[RegionOne, RegionTwo]");
        assertThat(failing(
                        () -> SwiftObjectStore.builder(one.name())
                                .credentials(lab.password())
                                .build(),
                        Kind.INVALID))
                .hasMessageContaining("[RegionOne, RegionTwo]");
    }

    @Test
    void applicationCredentialsTokensAndVariablesOpenTheSameStore() {
        SwiftCredentials.Token token = new SwiftCredentials.Token(
                lab.keystone(), one.token().token(), KeystoneName.name("stillframe"), KeystoneName.id("default"));
        for (SwiftCredentials credentials : new SwiftCredentials[] {lab.applicationCredential(), one.token()}) {
            try (SwiftObjectStore store = open(credentials, "RegionOne")) {
                assertThat(store.stat(KEY)).isEmpty();
            }
        }
        try (SwiftObjectStore store = SwiftObjectStore.builder(one.name())
                .credentials(token)
                .region("RegionOne")
                .serviceInterface("internalURL")
                .build()) {
            assertThat(store.uri()).isEqualTo("swift://" + one.name() + "?region=RegionOne&interface=internal");
        }
        Map<String, String> environment = new HashMap<>(lab.settings());
        try (ObjectStore store = SwiftUri.parse(
                        URI.create("swift://" + one.name() + "/a%20b?region=RegionOne"),
                        name -> Optional.ofNullable(environment.get(name)))
                .build()) {
            assertThat(store.uri()).isEqualTo("swift://" + one.name() + "/a%20b?region=RegionOne");
        }
        environment.keySet().removeIf(name -> name.startsWith("OS_"));
        SnapshotException refused = failing(
                () -> SwiftUri.parse(
                                URI.create("swift://" + one.name()), name -> Optional.ofNullable(environment.get(name)))
                        .build(),
                Kind.PERMANENT);
        assertThat(refused).as("TempAuth's cluster lacks the container").hasMessageContaining("does not exist");
    }

    @Test
    void wrongCredentialsAreRefusedWithoutShowingThem() {
        SwiftSecret wrong = SwiftSecret.of("wrong-secret");
        SwiftCredentials.Password password = lab.password();
        for (SwiftCredentials credentials : new SwiftCredentials[] {
            new SwiftCredentials.Password(
                    password.authUrl(),
                    password.user(),
                    password.userDomain(),
                    wrong,
                    password.project(),
                    password.projectDomain()),
            new SwiftCredentials.ApplicationCredential(lab.keystone(), "stillframe-application", wrong),
            new SwiftCredentials.TempAuth(
                    lab.tempAuth().authUrl(), lab.tempAuth().user(), wrong),
            new SwiftCredentials.Storage(one.token().storageUrl(), wrong)
        }) {
            SnapshotException refused = failing(() -> open(credentials, "RegionOne"), Kind.PERMANENT);
            assertThat(refused).hasMessageContaining("401").hasMessageNotContaining("wrong-secret");
            assertThat(credentials.toString()).doesNotContain("wrong-secret");
        }
    }

    private SwiftObjectStore open(SwiftCredentials credentials, String region) {
        return SwiftObjectStore.builder(one.name())
                .credentials(credentials)
                .region(region)
                .build();
    }
}
