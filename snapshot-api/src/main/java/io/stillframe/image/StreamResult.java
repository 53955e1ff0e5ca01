package io.stillframe.image;

import io.stillframe.model.Digest;
import java.util.Optional;

/**
 * What a completed stream did.
 *
 * @param bytesRead bytes of data read from the disk; holes and known zeros are not read
 * @param bytesStored length of the stored image, head and body
 * @param content the disk's content digest ({@link Digest#CONTENT}), unless {@link StreamSettings} left it out
 * @param stored CRC32C of the stored image in file order ({@link Digest#STORED}), unless {@link StreamSettings} left it out
 */
public record StreamResult(long bytesRead, long bytesStored, Optional<Digest> content, Optional<Digest> stored) {}
