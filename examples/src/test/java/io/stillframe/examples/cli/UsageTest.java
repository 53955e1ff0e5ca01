package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is wrong with a command line is told in one line, with the exit code for usage, before anything is done. */
class UsageTest {
    private static final String ID = "snap-01hzzzzzzzzzzzzzzzzzzzzzzz";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | subcommand",
                "snapshot | subcommand",
                "snapshot lst | did you mean",
                "snapshot create | --instance",
                "snapshot create --instance web | --catalog",
                "snapshot create --instance web --store file:///s | --hypervisor",
                "snapshot create --instance web --store /s | no URI with a scheme",
                "snapshot create --instance web --retention-days -1 | retention of -1 days",
                "snapshot create --instance web --retention-days x | --retention-days",
                "snapshot create --instance web --shutdown-window 60 | e.g. 60s",
                "snapshot create --instance web --shutdown-window 0s | must be over 0",
                "snapshot create --instance web --shutdown-interval 2m | shutdown interval",
                "snapshot create --instance web --capture maybe | --capture",
                "snapshot create --instance web --storing some | --storing",
                "snapshot create --instance web --disk vda --disk vda | none twice",
                "snapshot create --instance web --compression zstd:fast | zstd:3",
                "snapshot create --instance 'a b' | an instance's name",
                "snapshot show | ID",
                "snapshot show web-1 | is no snapshot id",
                "snapshot export " + ID + " --to raw | OUT",
                "launch " + ID + " | --as",
                "launch " + ID + " --as web --disk-size 20GB | e.g. 20G",
                "launch " + ID + " --as 'a/b' | an instance's name",
                "worker | --catalog",
                "worker --max-transfers 0 --hypervisor images:///i --store file:///s | is 1 or more",
                "worker --host-name '' --hypervisor images:///i --store file:///s | host's name",
                "store probe | URI",
                "store probe /srv | no URI with a scheme",
                "sweep | --catalog",
                "recover --store s3://bucket | --catalog",
            })
    void isToldInOneLine(String line, String told) {
        ToolRun run = ToolRun.of(Map.of(), words(line));
        assertThat(run.exit()).isEqualTo(Stillframe.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.complaint()).startsWith("stillframe: ").contains(told).contains("--help)");
    }

    @Test
    void aVariableIsNamedWhenItsValueIsWrong() {
        ToolRun run = ToolRun.of(Map.of("STILLFRAME_STORE", "/srv/snapshots"), "snapshot", "list");
        assertThat(run.exit()).isEqualTo(Stillframe.USAGE);
        assertThat(run.complaint()).contains("STILLFRAME_STORE").contains("file:///path");
    }

    @Test
    void anUnknownPluginIsAFailureThatListsThoseThatExist(@TempDir Path directory) {
        ToolRun run = ToolRun.of(Map.of(), "snapshot", "list", "--catalog", "nowhere://" + directory);
        assertThat(run.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(run.complaint())
                .contains("nowhere")
                .contains("installed are")
                .doesNotContain("Exception");
    }

    @Test
    void helpIsNoError() {
        ToolRun run = ToolRun.of(Map.of(), "snapshot", "create", "--help");
        assertThat(run.exit()).isEqualTo(Stillframe.DONE);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).anyMatch(line -> line.contains("--shutdown-window"));
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        assertThat(ToolRun.of(Map.of(), "--version").out().get(0)).matches("stillframe [0-9]+\\.[0-9]+\\.[0-9]+.*");
    }

    private static String[] words(String line) {
        if (line == null || line.isBlank()) {
            return new String[0];
        }
        return java.util.regex.Pattern.compile("'([^']*)'|(\\S+)")
                .matcher(line)
                .results()
                .map(word -> word.group(1) != null ? word.group(1) : word.group(2))
                .toArray(String[]::new);
    }
}
