package io.stillframe.benchmarks.stores;

import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamTarget;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.nio.ByteBuffer;
import java.util.List;

/** What a snapshot's transfer does with a raw disk, digests included, except storing it: {@code NullSink CODEC DISK}. */
public final class NullSink implements StreamTarget {
    private NullSink() {}

    /** The codec's name and the disk's file. */
    public static void main(String[] arguments) {
        ImageCodec codec = Plugins.codec(arguments[0]);
        try (BlockSource source = Images.open(new ImageInput.Chain(List.of(new ImageLayer(arguments[1], "raw"))));
                ImageWriter writer = codec.newWriter(ImageSpec.ofSize(source.size()))) {
            System.err.println(ImageStream.run(
                    source,
                    writer,
                    new NullSink(),
                    StreamSettings.ofDefaults(),
                    new Cancellation(),
                    StreamListener.none()));
        }
    }

    @Override
    public void body(ByteBuffer bytes) {
        bytes.position(bytes.limit());
    }

    @Override
    public void head(ByteBuffer head) {
        head.position(head.limit());
    }
}
