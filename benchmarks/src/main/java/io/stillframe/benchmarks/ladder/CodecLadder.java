package io.stillframe.benchmarks.ladder;

import io.stillframe.benchmarks.report.Results.Step;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** Measures every codec at every level on a sample of the disk's data, in memory. */
public final class CodecLadder {
    private static final int SAMPLE = 96 << 20;
    private static final int MOST_PASSES = 5;
    private static final double ENOUGH_SECONDS = 3;

    private final SampleDisk sample;
    private final StreamSettings all = StreamSettings.ofDefaults().withDigest(ContentDigesting.OFF);

    private CodecLadder(SampleDisk sample) {
        this.sample = sample;
    }

    /** Measures; takes a few minutes. */
    public static List<Step> climb(Path data, PrintStream log) throws IOException {
        CodecLadder ladder = new CodecLadder(SampleDisk.of(data, SAMPLE));
        log.println("== Codecs and levels");
        List<Step> steps = new ArrayList<>();
        for (ImageCodec codec : Steps.codecs()) {
            for (String compression : Steps.compressions(codec)) {
                Step step = ladder.step(codec, compression);
                steps.add(step);
                log.printf(
                        "   %-8s %-10s ratio %.3f, encode %.0f MB/s, decode %.0f MB/s%n",
                        step.codec(), step.compression(), step.ratio(), step.encode() / 1e6, step.decode() / 1e6);
            }
        }
        return steps;
    }

    private Step step(ImageCodec codec, String compression) {
        MemoryImage image = new MemoryImage();
        long stored = encode(codec, compression, image, all);
        double encode = speed(() -> encode(codec, compression, new MemoryImage(), all));
        double encodeOne = speed(() -> encode(codec, compression, new MemoryImage(), all.withThreads(1)));
        double decode = readable(codec, image) ? speed(() -> decode(codec, image)) : 0;
        return new Step(codec.name(), compression, (double) sample.size() / stored, encode, encodeOne, decode);
    }

    private long encode(ImageCodec codec, String compression, MemoryImage image, StreamSettings settings) {
        try (ImageWriter writer = codec.newWriter(Steps.spec(sample.size(), compression))) {
            StreamResult result =
                    ImageStream.run(sample, writer, image, settings, new Cancellation(), (read, stored) -> {});
            return result.bytesStored();
        }
    }

    private static boolean readable(ImageCodec codec, MemoryImage image) {
        try (BlockSource source = codec.open(List.of(new ImageCodec.Layer(image, codec)))) {
            return source.size() > 0;
        } catch (SnapshotException e) {
            return false;
        }
    }

    private long decode(ImageCodec codec, MemoryImage image) {
        try (BlockSource source = codec.open(List.of(new ImageCodec.Layer(image, codec)))) {
            var unused =
                    DiskCopy.run(source, new NullDisk(source.size()), all, new Cancellation(), (read, stored) -> {});
            return source.size();
        }
    }

    /** Bytes a second in the best of several passes. */
    private double speed(LongSupplier pass) {
        double best = 0;
        double spent = 0;
        for (int i = 0; i < MOST_PASSES && spent < ENOUGH_SECONDS; i++) {
            long start = System.nanoTime();
            long unused = pass.getAsLong();
            double seconds = (System.nanoTime() - start) / 1e9;
            best = Math.max(best, sample.size() / seconds);
            spent += seconds;
        }
        return best;
    }
}
