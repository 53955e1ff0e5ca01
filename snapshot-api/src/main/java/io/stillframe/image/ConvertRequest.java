package io.stillframe.image;

import io.stillframe.model.Compression;
import io.stillframe.model.Names;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to convert, and into what.
 *
 * @param input the image to read
 * @param output where the new image goes
 * @param format the new image's codec
 * @param compression algorithm and level; the codec's default if empty
 * @param clusterSize allocation unit in bytes, a power of two; the codec's default if empty
 */
public record ConvertRequest(
        ImageInput input,
        ImageOutput output,
        String format,
        Optional<Compression> compression,
        OptionalInt clusterSize) {
    public ConvertRequest {
        Names.token("a format", format);
    }

    /** With the codec's defaults. */
    public static ConvertRequest of(ImageInput input, ImageOutput output, String format) {
        return new ConvertRequest(input, output, format, Optional.empty(), OptionalInt.empty());
    }

    public ConvertRequest withCompression(Compression value) {
        return new ConvertRequest(input, output, format, Optional.of(value), clusterSize);
    }

    public ConvertRequest withClusterSize(int bytes) {
        return new ConvertRequest(input, output, format, compression, OptionalInt.of(bytes));
    }
}
