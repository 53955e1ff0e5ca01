package io.stillframe.image;

import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageLayer;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/** Where an image is read from. */
public sealed interface ImageInput {
    /**
     * A declared chain of local files, as {@link ImageChain#open} takes it.
     *
     * @param layers active layer first
     */
    record Chain(List<ImageLayer> layers) implements ImageInput {
        public Chain {
            layers = List.copyOf(layers);
        }
    }

    /**
     * One file whose format is found by looking at it: the first codec that recognises it, else raw. Only for a person's own files.
     * Bytes that a guest wrote can look like anything; declare their format with {@link #file(Path, String)}.
     *
     * @param path a local file without backing files
     */
    record Probed(Path path) implements ImageInput {}

    /**
     * An image that comes through a pipe, from first to last byte. Only formats with {@link
     * io.stillframe.spi.CodecTrait#SEQUENTIAL} can be read so.
     *
     * @param stream read by one thread at a time, not closed
     * @param size bytes of the disk; fewer or more in the stream are an error
     * @param format the image's codec
     */
    record Pipe(InputStream stream, long size, String format) implements ImageInput {
        public Pipe {
            if (size < 0) {
                throw SnapshotException.invalid("a disk's size must be at least 0 bytes, got " + size);
            }
            Names.token("a format", format);
        }

        /** A raw disk. */
        public Pipe(InputStream stream, long size) {
            this(stream, size, "raw");
        }
    }

    /** One file of a declared format, without backing files. */
    static ImageInput file(Path path, String format) {
        return new Chain(List.of(new ImageLayer(path.toString(), format)));
    }
}
