package io.stillframe.examples.regions;

import static io.stillframe.examples.regions.RegionsLab.ONE;
import static io.stillframe.examples.regions.RegionsLab.REGIONS;
import static io.stillframe.examples.regions.RegionsLab.TWO;

import io.stillframe.SnapshotService;
import io.stillframe.model.Availability;
import io.stillframe.model.LaunchRequest.Start;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Snapshot;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** A directory here, a Swift region, and Ceph's object gateway, with {@code -Dstillframe.regions=all}; launched guests are booted too. */
@EnabledIfSystemProperty(named = "stillframe.regions", matches = "all")
class MixedRegionsTest extends RegionScenarios {
    @Override
    LabScripts scripts() {
        return LabScripts.open("up.sh", "stores/swift-up.sh", "stores/ceph-up.sh");
    }

    @Override
    Map<String, Remote> remotes() {
        KeystoneLogin keystone = new KeystoneLogin(scripts().settings("keystone.env"));
        return Map.of(
                ONE,
                new SwiftRemote(keystone, "RegionOne"),
                TWO,
                new GatewayRemote(scripts().settings("ceph.env")));
    }

    @Override
    String guest() {
        return "regions-mixed";
    }

    @Test
    @Order(6)
    void aGuestBootsFromEachRegionsCopyWithTheOthersShutDown() {
        Snapshot snapshot;
        try (SnapshotService service = lab().service()) {
            snapshot = lab().taken(service, lab().request(Availability.ALL, REGIONS.toArray(String[]::new)));
        }
        for (String region : REGIONS) {
            lab().shutDownAllBut(region);
            try (SnapshotService service = lab().service()) {
                LaunchedInstance instance = lab().launch(service, snapshot, region, Start.STARTED);
                lab().awaitUp(instance);
            } finally {
                lab().reachAll();
                lab().removeLaunched();
            }
        }
        try (SnapshotService service = lab().service()) {
            service.delete(snapshot.id());
        }
    }
}
