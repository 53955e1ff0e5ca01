package io.stillframe.examples.cli;

import io.stillframe.image.Images;
import io.stillframe.spi.Extent;
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

    @Option(names = "--json", description = "Prints a JSON array.")
    private boolean json;

    ImageMap(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        CancellableWork.run(console, "the map", cancellation -> {
            AtomicBoolean first = new AtomicBoolean(true);
            Images.map(image.input(), cancellation, extent -> print(extent, first.getAndSet(false)));
            if (json) {
                console.out().println(first.get() ? "[]" : "]");
            }
            return Stillframe.DONE;
        });
        return Stillframe.DONE;
    }

    /** One at a time: an image may have more extents than memory. */
    private void print(Extent extent, boolean first) {
        String kind = extent.kind().name().toLowerCase(Locale.ROOT);
        long start = extent.range().start();
        long length = extent.range().length();
        if (json) {
            console.out()
                    .println((first ? "[" : ",") + "{\"start\":" + start + ",\"length\":" + length + ",\"kind\":\""
                            + kind + "\"}");
        } else {
            console.out().println(String.format(Locale.ROOT, "%16d %16d %s", start, length, kind));
        }
    }
}
