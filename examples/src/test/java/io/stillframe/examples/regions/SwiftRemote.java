package io.stillframe.examples.regions;

import io.stillframe.spi.ObjectStore;
import io.stillframe.storage.swift.SwiftObjectStore;
import io.stillframe.testing.NetworkLink;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/** One of the Swift clusters that the lab's Keystone knows as regions, in a container of its own. */
final class SwiftRemote implements Remote {
    private final KeystoneLogin keystone;
    private final String region;
    private final String container;
    private final NetworkLink link;
    private final SwiftObjectStore store;

    SwiftRemote(KeystoneLogin keystone, String region) {
        this.keystone = keystone;
        this.region = region;
        this.container = "regions-" + ProcessHandle.current().pid();
        URI account = keystone.account(region);
        keystone.makeContainer(region, container);
        this.link = NetworkLink.to(account.getPort());
        this.store = SwiftObjectStore.builder(container)
                .credentials(keystone.credentials())
                .region(region)
                .storageUrl(URI.create(link.uri() + account.getPath()))
                .build();
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
        return Stream.of(container, container + "_segments")
                .flatMap(name -> keystone.objects(region, name).stream())
                .toList();
    }

    @Override
    public void close() {
        store.close();
        link.close();
        keystone.removeContainer(region, container);
        keystone.removeContainer(region, container + "_segments");
    }
}
