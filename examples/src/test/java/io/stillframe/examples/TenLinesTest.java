package io.stillframe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TenLinesTest {
    private static final Path ROOT = Path.of(System.getProperty("stillframe.root", ".."));

    @Test
    void areTheReadmesOwn() throws IOException {
        String readme = only(Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL), ROOT.resolve("README.md"));
        String example = only(
                Pattern.compile("// README: begin\\n(.*?)// README: end", Pattern.DOTALL),
                ROOT.resolve("examples/src/main/java/io/stillframe/examples/TenLines.java"));
        assertThat(readme.lines()).hasSize(10);
        assertThat(readme.replaceAll("\\s", "")).isEqualTo(example.replaceAll("\\s", ""));
    }

    private static String only(Pattern pattern, Path file) throws IOException {
        Matcher found = pattern.matcher(Files.readString(file));
        assertThat(found.find()).as("%s in %s", pattern, file).isTrue();
        return found.group(1);
    }
}
