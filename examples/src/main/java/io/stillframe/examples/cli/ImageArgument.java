package io.stillframe.examples.cli;

import io.stillframe.image.ImageInput;
import io.stillframe.image.Images;
import io.stillframe.spi.ImageLayer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The one image file that a command reads. */
final class ImageArgument {
    @Parameters(index = "0", arity = "1", paramLabel = "FILE", description = "The image file.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = {"--from", "--format"},
            paramLabel = "FORMAT",
            description = "Its format, e.g. qcow2; found by looking at its first bytes if left out.")
    private Optional<String> format = Optional.empty();

    @Option(
            names = "--backing",
            paramLabel = "FORMAT:FILE",
            converter = LayerConverter.class,
            description = "A backing file that it needs, nearest first; may be repeated. None is followed unasked.")
    private List<ImageLayer> backing = List.of();

    Path file() {
        return file.orElseThrow();
    }

    Optional<String> format() {
        return format;
    }

    /** The file with its declared backing files. */
    ImageInput input() {
        if (format.isEmpty() && backing.isEmpty()) {
            return new ImageInput.Probed(file());
        }
        List<ImageLayer> layers = new ArrayList<>();
        layers.add(new ImageLayer(file().toString(), format.orElseGet(() -> Images.probe(file()))));
        layers.addAll(backing);
        return new ImageInput.Chain(layers);
    }
}
