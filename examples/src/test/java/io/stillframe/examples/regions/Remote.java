package io.stillframe.examples.regions;

import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.testing.NetworkLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A region's server, which services reach through one link only. What it keeps is removed when it is closed. */
interface Remote extends AutoCloseable {
    /** The only way to it. */
    NetworkLink link();

    /** Its store over the link. */
    ObjectStore store();

    /** All that it keeps, parts of objects and unfinished uploads too, as it says past the link. */
    List<String> kept();

    @Override
    void close();

    /** The keys of a store's objects. */
    static List<String> keys(ObjectStore store) {
        List<String> keys = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<ObjectStat> page = store.list("", after, 1000);
            page.items().forEach(object -> keys.add(object.key().value()));
            after = page.next();
        } while (after.isPresent());
        return keys;
    }
}
