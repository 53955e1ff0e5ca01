package io.stillframe.internal.engine;

import io.stillframe.model.ServiceSettings;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.SnapshotCatalog;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a service's plugins and closes those that the service opened, in reverse order. For one thread. */
final class Plugs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Plugs.class);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    Installation install(
            List<PluggedHost> hypervisors,
            List<PluggedRegion> places,
            Plugged<SnapshotCatalog> catalog,
            ServiceSettings settings,
            Clock clock) {
        SnapshotCatalog records = open(catalog);
        List<Region> regions = regions(places);
        Map<String, Hypervisor> hosts = new HashMap<>();
        for (PluggedHost host : hypervisors) {
            Hypervisor hypervisor = open(host.hypervisor());
            String name = host.name().orElseGet(hypervisor::uri);
            if (hosts.put(name, hypervisor) != null) {
                throw SnapshotException.invalid("two hypervisors are called " + name + "; give each host a name");
            }
        }
        Installation installation = new Installation(hosts, regions, records, settings, clock, owner());
        if (!regions.isEmpty()) {
            settings.placement().regions().forEach(installation::region);
        }
        return installation;
    }

    private List<Region> regions(List<PluggedRegion> places) {
        Map<String, String> names = new HashMap<>();
        Map<String, String> stores = new HashMap<>();
        List<Region> regions = new ArrayList<>();
        for (PluggedRegion place : places) {
            if (names.put(place.name(), place.name()) != null) {
                throw SnapshotException.invalid("two regions are called " + place.name());
            }
            Region region = new Region(place.name(), place.jurisdiction(), open(place.store()));
            String other = stores.put(region.store().uri(), place.name());
            if (other != null) {
                throw SnapshotException.invalid("regions " + other + " and " + place.name() + " have the same store, "
                        + region.store().uri() + "; two copies there would be one");
            }
            regions.add(region);
        }
        return regions;
    }

    /** The last, random part of an owner's name. */
    static String shortName(String owner) {
        return owner.substring(owner.lastIndexOf('/') + 1);
    }

    @Override
    public void close() {
        while (!opened.isEmpty()) {
            AutoCloseable plugin = opened.pop();
            try {
                plugin.close();
            } catch (Exception e) {
                LOG.warn("a plugin could not be closed", e);
            }
        }
    }

    private <T extends AutoCloseable> T open(Plugged<T> plugged) {
        T plugin = plugged.opener().get();
        if (plugged.ownership() == Plugged.Ownership.SERVICE) {
            opened.push(plugin);
        }
        return plugin;
    }

    /** Host, process and service, for people and for leases. */
    private static String owner() {
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        String host = System.getenv().getOrDefault("HOSTNAME", "localhost");
        return host + "/" + ProcessHandle.current().pid() + "/" + HexFormat.of().formatHex(random);
    }
}
