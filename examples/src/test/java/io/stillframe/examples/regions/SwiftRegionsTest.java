package io.stillframe.examples.regions;

import static io.stillframe.examples.regions.RegionsLab.ONE;
import static io.stillframe.examples.regions.RegionsLab.TWO;

import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A directory here and the two Swift regions of one Keystone. With {@code -Dstillframe.regions=all} each of these dies at more points of
 * an upload.
 */
class SwiftRegionsTest extends RegionScenarios {
    @Override
    LabScripts scripts() {
        return LabScripts.open("up.sh", "stores/swift-up.sh");
    }

    @Override
    Map<String, Remote> remotes() {
        KeystoneLogin keystone = new KeystoneLogin(scripts().settings("keystone.env"));
        return Map.of(ONE, new SwiftRemote(keystone, "RegionOne"), TWO, new SwiftRemote(keystone, "RegionTwo"));
    }

    @Override
    String guest() {
        return "regions-swift";
    }

    @ParameterizedTest
    @CsvSource({"one,1", "one,3000", "one,300000", "one,2000000", "two,3000000"})
    @EnabledIfSystemProperty(named = "stillframe.regions", matches = "all")
    @Order(1)
    void aRegionDiesAtAnyPoint(String region, int bytes) {
        dieAndConverge(region, bytes);
    }
}
