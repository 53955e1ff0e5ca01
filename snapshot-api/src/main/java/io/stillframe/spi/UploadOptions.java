package io.stillframe.spi;

import java.time.Instant;
import java.util.Optional;

/**
 * How an object is stored.
 *
 * @param contentType media type
 * @param expiresAt when the store may remove it by itself; used only where {@link StoreCapability#EXPIRY} is declared
 */
public record UploadOptions(String contentType, Optional<Instant> expiresAt) {
    public static UploadOptions ofDefaults() {
        return new UploadOptions("application/octet-stream", Optional.empty());
    }
}
