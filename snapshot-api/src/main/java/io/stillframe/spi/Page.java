package io.stillframe.spi;

import java.util.List;
import java.util.Optional;

/**
 * One page of a listing.
 *
 * @param items in the listing's order
 * @param next give it to the same call for the next page; empty at the end
 * @param <T> what is listed
 */
public record Page<T>(List<T> items, Optional<String> next) {
    public Page {
        items = List.copyOf(items);
    }
}
