package io.stillframe.examples.regions;

import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.StoreCapability;
import io.stillframe.storage.s3.S3Credentials;
import io.stillframe.storage.s3.S3ObjectStore;
import io.stillframe.testing.NetworkLink;
import java.net.URI;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** The lab's Ceph object gateway, below a prefix of its own. */
final class GatewayRemote implements Remote {
    private final NetworkLink link;
    private final ObjectStore store;
    /** The same past the link. */
    private final ObjectStore direct;

    GatewayRemote(Map<String, String> settings) {
        URI endpoint = URI.create(setting(settings, "STILLFRAME_S3_ENDPOINT"));
        this.link = NetworkLink.to(endpoint.getPort());
        this.store = open(settings, link.uri());
        this.direct = open(settings, endpoint);
    }

    private static ObjectStore open(Map<String, String> settings, URI via) {
        return S3ObjectStore.builder("stillframe")
                .prefix("regions-" + ProcessHandle.current().pid())
                .endpoint(via)
                .region(setting(settings, "AWS_REGION"))
                .credentials(S3Credentials.of(
                        setting(settings, "AWS_ACCESS_KEY_ID"), setting(settings, "AWS_SECRET_ACCESS_KEY")))
                .features(EnumSet.of(
                        StoreCapability.CREATE_IF_ABSENT, StoreCapability.LIST_UPLOADS, StoreCapability.RESUME))
                .build();
    }

    private static String setting(Map<String, String> settings, String name) {
        return Objects.requireNonNull(settings.get(name), name);
    }

    @Override
    public NetworkLink link() {
        return link;
    }

    @Override
    public ObjectStore store() {
        return store;
    }

    @Override
    public List<String> kept() {
        return Stream.concat(
                        Remote.keys(direct).stream(),
                        direct.listUploads("", Optional.empty(), 1000).items().stream()
                                .map(upload -> "an unfinished upload of " + upload))
                .toList();
    }

    @Override
    public void close() {
        store.close();
        link.close();
        List<ObjectKey> left = Remote.keys(direct).stream().map(ObjectKey::of).toList();
        if (!left.isEmpty()) {
            direct.delete(left);
        }
        direct.close();
    }
}
