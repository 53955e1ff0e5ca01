package io.stillframe.examples.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.stillframe.image.Images;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageLayer;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code image info}. */
@Command(name = "info", description = "Describes an image file without opening its backing files.")
final class ImageInfoShow implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ImageArgument image = new ImageArgument();

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    ImageInfoShow(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ImageInfo info = Images.info(image.file(), image.format());
        if (json) {
            console.out().println(Json.text(generator -> write(info, generator)));
        } else {
            print(info);
        }
        return Stillframe.DONE;
    }

    private void print(ImageInfo info) {
        line("format", info.format());
        line("virtual size", SnapshotText.size(info.virtualSize()));
        line("file size", SnapshotText.size(info.storedSize()));
        info.backing().map(ImageInfoShow::backing).ifPresent(text -> line("backing file", text));
        info.details().forEach(this::line);
    }

    /** Names in an image come from whoever made it. */
    private void line(String key, String value) {
        console.out().println(String.format(Locale.ROOT, "%-18s %s", key, Console.oneLine(value)));
    }

    private static String backing(ImageLayer layer) {
        return layer.location() + (layer.format().isEmpty() ? ", of no declared format" : ", " + layer.format());
    }

    private static void write(ImageInfo info, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("format", info.format());
        json.writeNumberField("virtualSize", info.virtualSize());
        json.writeNumberField("fileSize", info.storedSize());
        if (info.backing().isPresent()) {
            json.writeObjectFieldStart("backing");
            json.writeStringField("file", info.backing().get().location());
            json.writeStringField("format", info.backing().get().format());
            json.writeEndObject();
        }
        json.writeObjectFieldStart("details");
        for (Map.Entry<String, String> detail : info.details().entrySet()) {
            json.writeStringField(detail.getKey(), detail.getValue());
        }
        json.writeEndObject();
        json.writeEndObject();
    }
}
