package io.stillframe.spi;

import java.util.Map;
import java.util.Optional;

/**
 * What an image says of itself.
 *
 * @param format the codec's name
 * @param virtualSize bytes as the guest sees them
 * @param storedSize bytes of the file
 * @param backing the backing layer that it names, not followed; its format is empty text if the image does not say
 * @param details further facts in a stable order, e.g. {@code cluster-size}, {@code compression}
 */
public record ImageInfo(
        String format, long virtualSize, long storedSize, Optional<ImageLayer> backing, Map<String, String> details) {}
