package io.stillframe.image;

import java.io.OutputStream;
import java.nio.file.Path;

/** Where an image is written to. */
public sealed interface ImageOutput {
    /**
     * A local file, which appears when it is complete and replaces one that exists.
     *
     * @param path its name
     */
    record File(Path path) implements ImageOutput {}

    /**
     * A pipe. Only formats with {@link io.stillframe.spi.CodecTrait#PIPE} can go there.
     *
     * @param stream flushed at the end, not closed
     */
    record Pipe(OutputStream stream) implements ImageOutput {}
}
