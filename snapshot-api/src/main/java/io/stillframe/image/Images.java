package io.stillframe.image;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.StoredExtent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/**
 * Image files: look at them, check them, convert them. Works with every installed codec. Formats are given by name; where one is left
 * out, the file is probed, which is only right for a person's own files (see {@link ImageInput.Probed}).
 *
 * <p>All methods throw {@link SnapshotException}: NOT_FOUND for a missing file or codec, CORRUPT and UNSUPPORTED as the codec says,
 * PERMANENT on I/O faults.
 */
public final class Images {
    private static final String FALLBACK = "raw";
    private static final int PROBED_BYTES = 4096;

    private Images() {}

    /** Describes an image file, without opening backing files. */
    public static ImageInfo info(Path file, Optional<String> format) {
        try (ByteSource bytes = FileByteSource.open(file)) {
            return codec(bytes, format).describe(bytes);
        }
    }

    /** Reads all metadata of an image file and reports every fault. */
    public static ImageCheck check(Path file, Optional<String> format, Cancellation cancellation) {
        try (ByteSource bytes = FileByteSource.open(file)) {
            return codec(bytes, format).check(bytes, cancellation);
        }
    }

    /** Hands out the extents of an image's disk in order, neighbours of one kind joined; they cover it exactly. */
    public static void map(ImageInput input, Cancellation cancellation, Consumer<Extent> consumer) {
        try (BlockSource source = open(input, cancellation)) {
            Extents.forEach(source, cancellation, consumer);
        }
    }

    /**
     * As {@link #map}, with where each extent's bytes lie, as far as the format tells, and only those joined that lie one behind the other.
     */
    public static void mapStorage(ImageInput input, Cancellation cancellation, Consumer<StoredExtent> consumer) {
        try (BlockSource source = open(input, cancellation)) {
            Iterator<StoredExtent> extents = source.storedExtents(new ByteRange(0, source.size()));
            while (extents.hasNext()) {
                cancellation.check();
                consumer.accept(extents.next());
            }
        }
    }

    /** Opens an image's disk; closed by the caller. A pipe can be read once, in order, by one stream. */
    public static BlockSource open(ImageInput input) {
        return open(input, new Cancellation());
    }

    /** As {@link #open(ImageInput)}; throws CANCELLED if it is told to stop while it decodes an image that has no index. */
    public static BlockSource open(ImageInput input, Cancellation cancellation) {
        if (input instanceof ImageInput.Chain chain) {
            return ImageChain.open(chain.layers(), cancellation);
        }
        if (input instanceof ImageInput.Probed probed) {
            return ImageChain.open(
                    List.of(new ImageLayer(probed.path().toString(), probe(probed.path()))), cancellation);
        }
        return raw(piped((ImageInput.Pipe) input));
    }

    /** The name of the codec that recognises the file, {@code raw} if none does. */
    public static String probe(Path file) {
        try (ByteSource bytes = FileByteSource.open(file)) {
            return codec(bytes, Optional.empty()).name();
        }
    }

    /**
     * Converts an image into another one, in one pass. A file appears only when it is complete.
     *
     * @throws SnapshotException also INVALID if the output is one of the input's files or the options do not suit the format; UNSUPPORTED
     *     if the format cannot go to a pipe; CANCELLED
     */
    public static StreamResult convert(
            ConvertRequest request, StreamSettings settings, Cancellation cancellation, StreamListener listener) {
        ImageCodec codec = Plugins.codec(request.format());
        return convert(
                request,
                size -> codec.newWriter(new ImageSpec(size, request.compression(), request.clusterSize())),
                settings,
                cancellation,
                listener);
    }

    /**
     * Converts as {@link #convert(ConvertRequest, StreamSettings, Cancellation, StreamListener)} does, with a writer that has options of
     * its own.
     *
     * @param writers makes a new writer of the request's format for a disk of that many bytes, closed by this method; compression and
     *     cluster size of the request are not looked at
     */
    public static StreamResult convert(
            ConvertRequest request,
            LongFunction<ImageWriter> writers,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener) {
        requireNotItself(request);
        if (request.input() instanceof ImageInput.Pipe pipe) {
            PipeByteSource bytes = piped(pipe);
            try (BlockSource source = raw(bytes)) {
                return write(request, writers, source, settings, cancellation, listener, bytes::requireEnd);
            }
        }
        try (BlockSource source = open(request.input(), cancellation)) {
            return write(request, writers, source, settings, cancellation, listener, () -> {});
        }
    }

    private static StreamResult write(
            ConvertRequest request,
            LongFunction<ImageWriter> writers,
            BlockSource source,
            StreamSettings settings,
            Cancellation cancellation,
            StreamListener listener,
            Runnable lastCheck) {
        listener.onTotal(total(request.input(), source, cancellation));
        try (ImageWriter writer = writers.apply(source.size())) {
            if (request.output() instanceof ImageOutput.File file) {
                try (FileTarget target = FileTarget.create(file.path())) {
                    StreamResult result = ImageStream.run(source, writer, target, settings, cancellation, listener);
                    lastCheck.run();
                    target.publish();
                    return result;
                }
            }
            requirePipe(Plugins.codec(request.format()));
            PipeTarget target = new PipeTarget(((ImageOutput.Pipe) request.output()).stream());
            StreamResult result = ImageStream.run(source, writer, target, settings, cancellation, listener);
            lastCheck.run();
            return result;
        }
    }

    private static long total(ImageInput input, BlockSource source, Cancellation cancellation) {
        return input instanceof ImageInput.Pipe ? source.size() : Extents.dataBytes(source, cancellation);
    }

    private static void requirePipe(ImageCodec codec) {
        if (!codec.traits().contains(CodecTrait.PIPE)) {
            throw SnapshotException.unsupported("format " + codec.name()
                    + " cannot go to a pipe, because its head is known last; write it to a file, or choose one of "
                    + having(CodecTrait.PIPE));
        }
    }

    /** A disk from a pipe, decoded as it comes. */
    private static PipeByteSource piped(ImageInput.Pipe pipe) {
        ImageCodec codec = Plugins.codec(pipe.format());
        if (!codec.traits().contains(CodecTrait.SEQUENTIAL)) {
            throw SnapshotException.unsupported("format " + codec.name()
                    + " cannot be read from a pipe, because its tables lie anywhere in it; read it from a file, or pipe one of "
                    + having(CodecTrait.SEQUENTIAL));
        }
        return new PipeByteSource(codec.decode(pipe.stream()), pipe.size());
    }

    private static String having(CodecTrait trait) {
        return Plugins.codecs().stream()
                .filter(codec -> codec.traits().contains(trait))
                .map(ImageCodec::name)
                .sorted()
                .collect(Collectors.joining(", "));
    }

    /** A target that replaces its own source, or a file beneath it, would destroy it. */
    private static void requireNotItself(ConvertRequest request) {
        if (request.output() instanceof ImageOutput.File output && Files.exists(output.path())) {
            for (Path input : files(request.input())) {
                if (same(input, output.path())) {
                    throw SnapshotException.invalid(
                            "the output " + output.path() + " is also read as input; choose another name");
                }
            }
        }
    }

    private static List<Path> files(ImageInput input) {
        if (input instanceof ImageInput.Chain chain) {
            return chain.layers().stream()
                    .map(layer -> Path.of(layer.location()))
                    .toList();
        }
        return input instanceof ImageInput.Probed probed ? List.of(probed.path()) : List.of();
    }

    private static boolean same(Path one, Path other) {
        try {
            return Files.exists(one) && Files.isSameFile(one, other);
        } catch (IOException e) {
            throw SnapshotException.permanent(one + " and " + other + " cannot be compared: " + e.getMessage(), e);
        }
    }

    private static BlockSource raw(ByteSource bytes) {
        ImageCodec codec = new RawCodec();
        return codec.open(List.of(new ImageCodec.Layer(bytes, codec)));
    }

    private static ImageCodec codec(ByteSource bytes, Optional<String> format) {
        if (format.isPresent()) {
            return Plugins.codec(format.get());
        }
        ByteBuffer head = ByteBuffer.allocate((int) Math.min(PROBED_BYTES, bytes.size()));
        bytes.read(0, head);
        head.flip();
        return Plugins.codecs().stream()
                .filter(codec -> codec.probe(head.duplicate(), bytes.size()) == ImageCodec.Probe.MATCH)
                .findFirst()
                .orElseGet(() -> Plugins.codec(FALLBACK));
    }
}
