package io.stillframe.examples.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.stillframe.image.FileByteSource;
import io.stillframe.image.StreamListener;
import io.stillframe.image.pack.PackFile;
import io.stillframe.image.pack.PackId;
import io.stillframe.image.pack.PackReference;
import io.stillframe.image.pack.PackResolver;
import io.stillframe.image.pack.PackVerifier;
import io.stillframe.image.pack.VerifyFinding;
import io.stillframe.image.pack.VerifyReport;
import io.stillframe.image.pack.VerifyScope;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code image verify}. */
@Command(
        name = "verify",
        description = {
            "Reads a pack, or all packs of a manifest, and compares every chunk with its checksum and digest.",
            "Ends with 1 if anything is wrong. Chunks in older packs are passed over unless --pack names them."
        })
final class PackVerify implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", arity = "1", paramLabel = "FILE", description = "The pack or manifest.")
    private Path file = Path.of("");

    @Option(
            names = "--sample",
            paramLabel = "SHARE",
            converter = SampleSize.Converter.class,
            description = "Reads only so much, e.g. 5%% or 200 chunks; all of the index is read in any case.")
    private Optional<SampleSize> sample = Optional.empty();

    @Option(names = "--seed", paramLabel = "N", description = "Draws the same sample again.")
    private Optional<Long> seed = Optional.empty();

    @Option(names = "--pack", paramLabel = "PACK", description = "An older pack that it needs; may be repeated.")
    private List<Path> older = List.of();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that read and decompress; default: one for each processor.")
    private Optional<Integer> threads = Optional.empty();

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    PackVerify(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        VerifyScope scope = scope();
        VerifyReport report = CancellableWork.run(console, "the verification", cancellation -> {
            try (ByteSource bytes = FileByteSource.open(file)) {
                return PackVerifier.verify(bytes, resolver(), scope, threads(), cancellation, StreamListener.none());
            }
        });
        if (json) {
            console.out().println(Json.text(generator -> write(report, generator)));
        } else {
            print(report);
        }
        return report.clean() ? Stillframe.DONE : Stillframe.FAILED;
    }

    private VerifyScope scope() {
        if (sample.isEmpty()) {
            return new VerifyScope.Everything();
        }
        return sample.get().scoped(seed.orElseGet(() -> (long) new SecureRandom().nextInt(Integer.MAX_VALUE)));
    }

    private int threads() {
        return threads.orElseGet(() -> Runtime.getRuntime().availableProcessors());
    }

    private Optional<PackResolver> resolver() {
        if (older.isEmpty()) {
            return Optional.empty();
        }
        Map<PackId, Path> packs = new HashMap<>();
        for (Path pack : older) {
            try (ByteSource bytes = FileByteSource.open(pack)) {
                packs.put(PackFile.open(bytes).id(), pack);
            }
        }
        return Optional.of(wanted ->
                FileByteSource.open(Optional.ofNullable(packs.get(wanted.id())).orElseThrow(() -> missing(wanted))));
    }

    private static SnapshotException missing(PackReference pack) {
        return SnapshotException.notFound(pack + " is not among the files that --pack names");
    }

    private void print(VerifyReport report) {
        report.findings().forEach(finding -> console.out().println(Console.oneLine(finding.toString())));
        long hidden = report.findingCount() - report.findings().size();
        if (hidden > 0) {
            console.out().println("and " + hidden + " more");
        }
        StringBuilder text = new StringBuilder(report.clean() ? "no fault: " : report.findingCount() + " faults: ");
        text.append(report.chunksChecked()).append(" of ").append(report.chunksStored());
        text.append(" stored chunks read, ").append(ByteSize.format(report.bytesChecked()));
        if (report.chunksElsewhere() > 0) {
            text.append(", ").append(report.chunksElsewhere()).append(" in other packs passed over");
        }
        report.seed().ifPresent(drawn -> text.append(", seed ").append(drawn));
        console.out().println(text);
    }

    private static void write(VerifyReport report, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeBooleanField("clean", report.clean());
        json.writeNumberField("chunksStored", report.chunksStored());
        json.writeNumberField("chunksChecked", report.chunksChecked());
        json.writeNumberField("chunksElsewhere", report.chunksElsewhere());
        json.writeNumberField("bytesChecked", report.bytesChecked());
        if (report.seed().isPresent()) {
            json.writeNumberField("seed", report.seed().getAsLong());
        }
        json.writeNumberField("findingCount", report.findingCount());
        json.writeArrayFieldStart("findings");
        for (VerifyFinding finding : report.findings()) {
            json.writeStartObject();
            json.writeStringField("kind", finding.kind().name().toLowerCase(Locale.ROOT));
            json.writeStringField("file", finding.file());
            json.writeNumberField("start", finding.range().start());
            json.writeNumberField("end", finding.range().end());
            json.writeStringField("what", finding.what());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
