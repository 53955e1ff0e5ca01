package io.stillframe.examples.cli;

import io.stillframe.image.Images;
import io.stillframe.model.ByteRange;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import io.stillframe.spi.StoredExtent.Storage;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code image map}. */
@Command(
        name = "map",
        description = "Prints what of an image's disk is data, zero or hole: start, length and kind in bytes.")
final class ImageMap implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ImageArgument image = new ImageArgument();

    @Option(
            names = "--json",
            description = {
                "Prints a JSON array, with where each extent's bytes lie as far as the format tells:",
                "the layer (0 is the image itself), whether they are compressed there, the offset in its file."
            })
    private boolean json;

    ImageMap(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        CancellableWork.run(console, "the map", cancellation -> {
            if (json) {
                printJson(cancellation);
            } else {
                Images.map(image.input(), cancellation, this::printRow);
            }
            return Stillframe.DONE;
        });
        return Stillframe.DONE;
    }

    private void printRow(Extent extent) {
        ByteRange range = extent.range();
        console.out().println(String.format(Locale.ROOT, "%16d %16d %s", range.start(), range.length(), kind(extent)));
    }

    private static String kind(Extent extent) {
        return extent.kind().name().toLowerCase(Locale.ROOT);
    }

    /** One at a time: an image may have more extents than memory. */
    private void printJson(Cancellation cancellation) {
        AtomicBoolean first = new AtomicBoolean(true);
        Images.mapStorage(
                image.input(),
                cancellation,
                extent -> console.out().println((first.getAndSet(false) ? "[" : ",") + object(extent)));
        console.out().println(first.get() ? "[]" : "]");
    }

    private static String object(StoredExtent extent) {
        ByteRange range = extent.range();
        return "{\"start\":" + range.start() + ",\"length\":" + range.length() + ",\"kind\":\"" + kind(extent.extent())
                + "\"" + storage(extent.storage()) + "}";
    }

    private static String storage(Storage storage) {
        if (storage instanceof Storage.Plain plain) {
            return ",\"layer\":" + plain.layer() + ",\"compressed\":false,\"offset\":" + plain.offset();
        }
        if (storage instanceof Storage.Compressed compressed) {
            return ",\"layer\":" + compressed.layer() + ",\"compressed\":true";
        }
        return storage instanceof Storage.Marked marked ? ",\"layer\":" + marked.layer() : "";
    }
}
