package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.catalog.RecordJson;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tool with several regions, each in a directory. */
class RegionCommandsTest {
    @TempDir
    private Path directory = Path.of("");

    private Map<String, String> environment = Map.of();

    @BeforeEach
    void makeInstance() throws IOException {
        Workplace.create(directory, 7);
        environment = Map.of(
                Places.HYPERVISOR_VARIABLE, "images://" + directory.resolve("instances"),
                Places.REGIONS_VARIABLE, "eu@eu=file://" + at("eu") + " us@us=file://" + at("us"));
    }

    @Test
    void aSnapshotGoesToTheRegionsThatItIsSentToAndIsLaunchedFromOne() throws IOException {
        String id = created("--to", "eu", "--to", "us", "--available", "all");
        assertThat(show(id).replicas()).hasSize(2).allMatch(Replica::isComplete);
        assertThat(run("snapshot", "show", id).out())
                .anyMatch(line -> line.startsWith("region us") && line.contains("complete"));
        Files.move(at("eu"), at("gone"));
        assertThat(run("launch", id, "--as", "web-2", "--from", "us", "--no-start", "--no-fallback")
                        .exit())
                .isZero();
    }

    @Test
    void copiesAreAddedRepairedAndDrained() throws IOException {
        String id = created();
        assertThat(show(id).replicas()).hasSize(1);
        ToolRun copied = run("snapshot", "copy", id, "--to", "us");
        assertThat(copied.exit()).as("%s", copied).isZero();
        assertThat(copied.out()).hasSize(2);

        Path damaged;
        try (Stream<Path> files = Files.walk(at("us"))) {
            damaged = files.filter(file -> file.toString().endsWith(".pack"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] right = Files.readAllBytes(damaged);
        byte[] wrong = right.clone();
        wrong[wrong.length / 2] ^= 1;
        Files.write(damaged, wrong);
        assertThat(run("snapshot", "repair", id, "--dry-run").exit()).isEqualTo(Stillframe.FAILED);
        ToolRun repaired = run("snapshot", "repair", id);
        assertThat(repaired.exit()).as("%s", repaired).isZero();
        assertThat(Files.readAllBytes(damaged)).isEqualTo(right);

        assertThat(run("region", "drain", "eu").exit()).isZero();
        assertThat(show(id).replicas()).extracting(Replica::region).containsExactly("us");
        assertThat(run("region", "fill", "eu").exit()).isZero();
        assertThat(show(id).replicas()).hasSize(2).allMatch(Replica::isComplete);
    }

    @Test
    void aRegionThatIsGoneIsForgottenAndAnOnlyCopyOnlyIfThatIsSaid() throws IOException {
        String both = created("--to", "eu", "--to", "us", "--available", "all");
        String only = created("--to", "us");
        Files.move(at("us"), at("gone"));
        assertThat(run("snapshot", "list").out())
                .anyMatch(line -> line.startsWith(both) && line.endsWith("eu,us"))
                .anyMatch(line -> line.startsWith(only) && line.endsWith(" us"));
        String[] left = {"--region", "eu@eu=file://" + at("eu")};
        ToolRun kept = run("region", "forget", "us", left[0], left[1]);
        assertThat(kept.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(kept.out()).singleElement().asString().contains(only).contains("only complete copy");
        assertThat(show(both).replicas()).extracting(Replica::region).containsExactly("eu");
        assertThat(run("region", "forget", "us", "--lose-last-copies", left[0], left[1])
                        .exit())
                .isZero();
        assertThat(run("snapshot", "show", only).out()).anyMatch(line -> line.contains("gone for good"));
    }

    @Test
    void aRegionNeedsANameAndAUri() {
        assertThat(run("sweep", "--region", "file:///srv").complaint()).contains("NAME=URI");
        assertThat(run("sweep", "--region", "EU=file:///srv").exit()).isEqualTo(Stillframe.USAGE);
        assertThat(run("sweep", "--region", "eu=file:///srv", "--store", "file:///srv")
                        .complaint())
                .contains("not both");
    }

    private String created(String... options) {
        List<String> command = Stream.concat(
                        Stream.of("snapshot", "create", "--instance", Workplace.INSTANCE, "--wait"), Stream.of(options))
                .toList();
        ToolRun run = run(command.toArray(String[]::new));
        assertThat(run.exit()).as("%s", run).isZero();
        return run.out().get(run.out().size() - 1);
    }

    private Snapshot show(String id) {
        return RecordJson.readSnapshot(
                run("snapshot", "show", id, "--json").out().get(0), "show");
    }

    private ToolRun run(String... arguments) {
        return ToolRun.of(environment, arguments);
    }

    private Path at(String region) {
        return directory.resolve(region);
    }
}
