package io.stillframe.benchmarks.jmh;

import io.stillframe.benchmarks.ladder.Steps;
import io.stillframe.benchmarks.report.Results.Piece;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs the benchmarks of this package with every installed codec. */
public final class PieceScores {
    private static final int ITERATIONS = 3;
    private static final List<Integer> CLUSTERS = List.of(64 << 10, 256 << 10, 1 << 20);

    private PieceScores() {}

    /**
     * Runs all of them, one second for each iteration.
     *
     * @param data whose bytes the codecs are given
     */
    public static List<Piece> measure(Path data, PrintStream log) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + PieceScores.class.getPackageName().replace(".", "\\.") + "\\.")
                .param("image", images().toArray(String[]::new))
                .jvmArgsAppend("-D" + CodecState.DATA + "=" + data.toAbsolutePath())
                .forks(1)
                .warmupIterations(2)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(ITERATIONS)
                .measurementTime(TimeValue.seconds(1));
        log.println("== Pieces");
        List<Piece> pieces = new ArrayList<>();
        for (RunResult run : new Runner(options.build()).run()) {
            pieces.add(piece(run));
        }
        return pieces;
    }

    private static Piece piece(RunResult run) {
        String name = run.getParams().getBenchmark();
        String[] parts = name.split("\\.");
        Map<String, String> parameters = new LinkedHashMap<>();
        run.getParams()
                .getParamsKeys()
                .forEach(key -> parameters.put(key, run.getParams().getParam(key)));
        Result<?> result = run.getPrimaryResult();
        return new Piece(
                parts[parts.length - 2] + "." + parts[parts.length - 1],
                parameters,
                result.getScore(),
                Double.isNaN(result.getScoreError()) ? 0 : result.getScoreError(),
                result.getScoreUnit());
    }

    /** Each codec at each level, and the two fastest compressions of disk images with other cluster sizes. */
    private static List<String> images() {
        List<String> images = new ArrayList<>();
        Steps.codecs()
                .forEach(codec ->
                        Steps.compressions(codec).forEach(compression -> images.add(codec.name() + " " + compression)));
        for (int cluster : CLUSTERS) {
            for (String image : List.of("qcow2 zstd:1", "qcow2 zlib:2", "zstd zstd:1")) {
                images.add(image + " " + cluster);
            }
        }
        return images;
    }
}
