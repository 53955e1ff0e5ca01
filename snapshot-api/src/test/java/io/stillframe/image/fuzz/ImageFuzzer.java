package io.stillframe.image.fuzz;

import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.Plugins;

/**
 * The target of coverage-guided fuzzing, as {@code fuzz.sh} runs it: {@code -Dstillframe.fuzz.format} names the codec, an input is a packed
 * image.
 */
public final class ImageFuzzer {
    private static final ImageCodec CODEC = Plugins.codec(System.getProperty("stillframe.fuzz.format", "qcow2"));

    private ImageFuzzer() {}

    /** One execution. */
    public static void fuzzerTestOneInput(byte[] input) {
        ReaderProperties.verify(CODEC, input);
    }
}
