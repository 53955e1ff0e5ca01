package io.stillframe.spi;

import java.util.List;

/**
 * What a check of an image found.
 *
 * @param corruptions faults that make content wrong or unreadable, the first 100
 * @param leaks allocated but unused units, harmless to content, the first 100
 * @param allocatedBytes bytes of the virtual disk that hold data
 */
public record ImageCheck(List<String> corruptions, List<String> leaks, long allocatedBytes) {
    public ImageCheck {
        corruptions = List.copyOf(corruptions);
        leaks = List.copyOf(leaks);
    }

    public boolean clean() {
        return corruptions.isEmpty() && leaks.isEmpty();
    }
}
