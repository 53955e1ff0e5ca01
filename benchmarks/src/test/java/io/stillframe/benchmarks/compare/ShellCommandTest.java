package io.stillframe.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.benchmarks.report.Results.Run;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ShellCommandTest {
    @TempDir
    private Path directory;

    @Test
    void theSecondLineOfTimesCounts() {
        double[] seconds = ShellCommand.processorOfChildren("0m0.01s 0m0.02s\n2m3.50s 0m0.250000s\n");
        assertThat(seconds).containsExactly(123.5, 0.25);
    }

    @Test
    void anythingElseIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ShellCommand.processorOfChildren("0m0.01s 0m0.02s"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aRunIsMeasuredWithAllItsProcesses() throws Exception {
        String spin = "sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done'";
        Run run = new ShellCommand(spin + " | cat && echo $WHAT > said", directory, Map.of("WHAT", "done")).run();
        assertThat(run.wall()).isPositive();
        assertThat(run.processor()).isPositive();
        assertThat(directory.resolve("said")).hasContent("done");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFailureSaysWhatWasPrinted() {
        ShellCommand command = new ShellCommand("echo out of tape; exit 3", directory, Map.of());
        assertThatThrownBy(command::run)
                .isInstanceOf(ShellCommand.FailedException.class)
                .hasMessageContaining("3")
                .hasMessageContaining("out of tape");
    }
}
