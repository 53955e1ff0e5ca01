package io.stillframe.internal.engine;

import io.stillframe.model.Names;
import io.stillframe.spi.ObjectStore;
import java.util.Optional;

/**
 * A region and its store's plugin.
 *
 * @param name what it is called
 * @param jurisdiction whose law it is under
 * @param store its store
 */
public record PluggedRegion(String name, Optional<String> jurisdiction, Plugged<ObjectStore> store) {
    /** What a service's only region is called that was given no name. */
    public static final String HOME = "home";

    public PluggedRegion {
        Names.token("a region's name", name);
        jurisdiction.ifPresent(value -> Names.token("a jurisdiction's name", value));
    }
}
