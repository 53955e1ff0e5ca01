package io.stillframe.examples.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.stillframe.image.Images;
import io.stillframe.spi.ImageCheck;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code image check}. */
@Command(
        name = "check",
        description = {
            "Reads all of an image file's tables and reports every fault.",
            "Ends with 1 if there is one that content depends on; leaks alone do no harm."
        })
final class ImageVerify implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ImageArgument image = new ImageArgument();

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    ImageVerify(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ImageCheck check = CancellableWork.run(
                console, "the check", cancellation -> Images.check(image.file(), image.format(), cancellation));
        if (json) {
            console.out().println(Json.text(generator -> write(check, generator)));
        } else {
            print(check);
        }
        return check.corruptions().isEmpty() ? Stillframe.DONE : Stillframe.FAILED;
    }

    private void print(ImageCheck check) {
        check.corruptions().forEach(fault -> console.out().println("corrupt: " + Console.oneLine(fault)));
        check.leaks().forEach(leak -> console.out().println("leak: " + Console.oneLine(leak)));
        console.out()
                .println((check.clean() ? "no fault, " : "") + ByteSize.format(check.allocatedBytes()) + " of data");
    }

    private static void write(ImageCheck check, JsonGenerator json) throws IOException {
        json.writeStartObject();
        array(json, "corruptions", check.corruptions());
        array(json, "leaks", check.leaks());
        json.writeNumberField("allocatedBytes", check.allocatedBytes());
        json.writeEndObject();
    }

    private static void array(JsonGenerator json, String name, List<String> texts) throws IOException {
        json.writeArrayFieldStart(name);
        for (String text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
    }
}
