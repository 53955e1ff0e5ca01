package io.stillframe.image;

import io.stillframe.internal.image.Layers;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.Plugins;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Opens disks that lie in chains of local files. Which files belong to a chain, and their formats, is declared and never probed. */
public final class ImageChain {
    private static final int LONGEST = 256;

    private ImageChain() {}

    /**
     * Opens a declared chain.
     *
     * @param layers the active layer first, then its backing files down to the base; locations are paths of local files, formats are
     *     names of installed codecs
     * @return closed by the caller
     * @throws SnapshotException NOT_FOUND if a file or a codec does not exist; INVALID if the chain is empty or has more than 256 layers;
     *     CORRUPT or UNSUPPORTED as the codecs say, e.g. if an image needs a backing file that is not declared
     */
    public static BlockSource open(List<ImageLayer> layers) {
        return open(layers, new Cancellation());
    }

    /**
     * As {@link #open(List)}. Some images can only be opened by decoding all of them, such as compressed streams without an index.
     *
     * @param cancellation ends that
     * @throws SnapshotException also CANCELLED
     */
    public static BlockSource open(List<ImageLayer> layers, Cancellation cancellation) {
        if (layers.isEmpty() || layers.size() > LONGEST) {
            throw SnapshotException.invalid("a chain has 1 to " + LONGEST + " layers, got " + layers.size());
        }
        List<ImageCodec.Layer> opened = new ArrayList<>(layers.size());
        try {
            for (ImageLayer layer : layers) {
                ImageCodec codec = Plugins.codec(layer.format());
                opened.add(new ImageCodec.Layer(FileByteSource.open(path(layer.location())), codec));
            }
        } catch (RuntimeException | Error e) {
            Layers.closeAfter(e, opened);
            throw e;
        }
        return opened.get(0).codec().open(List.copyOf(opened), cancellation);
    }

    private static Path path(String location) {
        try {
            return Path.of(location);
        } catch (InvalidPathException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "a layer's location must be the path of a local file", e);
        }
    }
}
