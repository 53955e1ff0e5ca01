package io.stillframe.internal.engine;

import io.stillframe.spi.ObjectStore;

/**
 * A place where copies are kept.
 *
 * @param name the region's name
 * @param store its store
 */
record Region(String name, ObjectStore store) {
    static final String HOME = "home";
}
