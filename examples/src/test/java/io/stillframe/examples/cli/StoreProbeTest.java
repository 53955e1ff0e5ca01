package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreProbeTest {
    @Test
    void printsATableOfWhatTheStoreCanDo(@TempDir Path directory) {
        ToolRun run = ToolRun.of(
                Map.of(), "store", "probe", directory.resolve("store").toUri().toString());
        assertThat(run.exit()).as(run.err().toString()).isEqualTo(Stillframe.DONE);
        assertThat(run.out().get(0)).startsWith("store: file:///");
        assertThat(run.out()).anyMatch(line -> line.matches("create-if-absent +yes +yes"));
        assertThat(run.out()).anyMatch(line -> line.matches("expiry +no +no"));
        assertThat(run.out()).anyMatch(line -> line.startsWith("most parts"));
        assertThat(run.out()).noneMatch(line -> line.startsWith("features="));
    }

    @Test
    void aStoreThatDoesNotAnswerIsAFailure() {
        ToolRun run = ToolRun.of(
                Map.of(), "store", "probe", "s3://bucket?endpoint=http://127.0.0.1:9&profile=no-such-profile");
        assertThat(run.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(run.out()).isEmpty();
        assertThat(run.complaint()).contains("bucket");
    }
}
