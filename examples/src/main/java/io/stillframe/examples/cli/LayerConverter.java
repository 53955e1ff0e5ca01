package io.stillframe.examples.cli;

import io.stillframe.spi.ImageLayer;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A layer of a backing chain as written on the command line, {@code FORMAT:FILE}. */
final class LayerConverter implements ITypeConverter<ImageLayer> {
    @Override
    public ImageLayer convert(String value) {
        int colon = value.indexOf(':');
        if (colon < 1 || colon == value.length() - 1) {
            throw new TypeConversionException(
                    "'" + value + "' is no layer: format, colon and file, e.g. qcow2:base.img");
        }
        return new ImageLayer(value.substring(colon + 1), value.substring(0, colon));
    }
}
