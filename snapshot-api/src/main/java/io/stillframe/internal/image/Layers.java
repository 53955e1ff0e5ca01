package io.stillframe.internal.image;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ImageCodec;
import java.util.List;
import java.util.function.Function;

/** What codecs do with the layers of a declared chain, which they own even if they fail. Stateless. */
public final class Layers {
    private Layers() {}

    /**
     * Opens an image of a format without backing files. If that fails, all layers are closed.
     *
     * @param chain the declared chain
     * @param reason why there is one layer only, for the message: "a raw image has no backing file"
     * @param opener opens the one layer; owns it only if it returns
     * @throws SnapshotException UNSUPPORTED if there are fewer or more layers; else as {@code opener} does
     */
    public static BlockSource openOnly(
            List<ImageCodec.Layer> chain, String reason, Function<ByteSource, BlockSource> opener) {
        try {
            if (chain.size() != 1) {
                throw SnapshotException.unsupported(
                        reason + ", so its declared chain has exactly 1 layer, not " + chain.size());
            }
            return opener.apply(chain.get(0).bytes());
        } catch (RuntimeException | Error e) {
            closeAfter(e, chain);
            throw e;
        }
    }

    /** Closes all of these layers after a failure, to which it adds what goes wrong with that. */
    public static void closeAfter(Throwable failure, List<ImageCodec.Layer> layers) {
        for (ImageCodec.Layer layer : layers) {
            try {
                layer.bytes().close();
            } catch (RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
    }
}
