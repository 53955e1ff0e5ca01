package io.stillframe.spi;

import java.time.Instant;

/**
 * An upload that was begun and neither completed nor aborted.
 *
 * @param token resumes or aborts it
 * @param startedAt when it was begun, by the store's clock
 */
public record UnfinishedUpload(UploadToken token, Instant startedAt) {}
