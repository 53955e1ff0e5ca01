package io.stillframe.spi;

import java.util.Set;

/**
 * What an endpoint can do and its limits.
 *
 * @param features what it can do
 * @param smallestPart fewest bytes of any part but the last
 * @param largestPart most bytes of a part
 * @param mostParts most parts of an object
 * @param largestObject most bytes of an object
 */
public record StoreCapabilities(
        Set<StoreCapability> features, int smallestPart, long largestPart, int mostParts, long largestObject) {
    public StoreCapabilities {
        features = Set.copyOf(features);
    }

    public boolean has(StoreCapability feature) {
        return features.contains(feature);
    }
}
