package io.stillframe.spi;

import java.time.Instant;

/**
 * An upload that was begun and neither completed nor aborted.
 *
 * @param token aborts it once resumed; where the server keeps how an upload is cut, it is the upload's own and also goes on with it
 * @param startedAt when it was begun, by the store's clock
 */
public record UnfinishedUpload(UploadToken token, Instant startedAt) {}
