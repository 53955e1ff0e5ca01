package io.stillframe.image.qcow2;

import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamTarget;
import io.stillframe.model.Compression;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** An image in memory. */
public final class MemoryImage implements StreamTarget {
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private byte[] head = {};

    /** The qcow2 image that is written of a disk. */
    static byte[] of(BlockSource disk, String compression, int clusterSize) {
        ImageSpec spec = ImageSpec.ofSize(disk.size())
                .withCompression(Compression.parse(compression))
                .withClusterSize(clusterSize);
        return of(new Qcow2Codec(), disk, spec);
    }

    /** The image that a codec writes of a disk. */
    public static byte[] of(ImageCodec codec, BlockSource disk, ImageSpec spec) {
        MemoryImage image = new MemoryImage();
        try (ImageWriter writer = codec.newWriter(spec)) {
            ImageStream.run(
                    disk, writer, image, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
        }
        return image.bytes();
    }

    @Override
    public void body(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        body.writeBytes(copy);
    }

    @Override
    public void head(ByteBuffer bytes) {
        head = new byte[bytes.remaining()];
        bytes.get(head);
    }

    private byte[] bytes() {
        byte[] tail = body.toByteArray();
        return ByteBuffer.allocate(head.length + tail.length)
                .put(head)
                .put(tail)
                .array();
    }
}
