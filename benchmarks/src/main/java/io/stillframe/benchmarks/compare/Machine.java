package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What the benchmarks run on. */
final class Machine {
    private static final Map<String, String> TOOLS = new LinkedHashMap<>();

    static {
        TOOLS.put("qemu-img", "qemu-img --version");
        TOOLS.put("zstd", "zstd --version");
        TOOLS.put("lz4", "lz4 --version");
        TOOLS.put("pigz", "pigz --version");
        TOOLS.put("xz", "xz --version");
        TOOLS.put("nbdcopy", "nbdcopy --version");
        TOOLS.put("rclone", "rclone version");
        TOOLS.put("aws", "aws --version");
        TOOLS.put("swift", "swift --version");
    }

    private Machine() {}

    /** Facts for the report. */
    static Map<String, String> describe(Path out) throws IOException, InterruptedException {
        Map<String, String> facts = new LinkedHashMap<>();
        List<String> processor = lines("/proc/cpuinfo");
        facts.put("processor", field(processor, "model name"));
        facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        List<String> flags = List.of(field(processor, "flags").split(" "));
        facts.put("SHA instructions", flags.contains("sha_ni") ? "yes" : "no");
        facts.put("AVX", flags.contains("avx512f") ? "AVX-512" : flags.contains("avx2") ? "AVX2" : "no");
        facts.put("memory", field(lines("/proc/meminfo"), "MemTotal"));
        facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("Java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        FileStore store = Files.getFileStore(out);
        facts.put("output goes to", store.type());
        facts.put(Results.LOAD, lines("/proc/loadavg").stream().findFirst().orElse(""));
        for (Map.Entry<String, String> tool : TOOLS.entrySet()) {
            facts.put(tool.getKey(), has(tool.getKey()) ? version(tool.getValue()) : "absent");
        }
        return facts;
    }

    /** Whether a program is on the search path. */
    static boolean has(String program) {
        return Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static String version(String command) throws IOException, InterruptedException {
        String first = printed(command)
                .lines()
                .filter(line -> !line.isBlank())
                .findFirst()
                .orElse("");
        return first.replace("*", "").replace("|", "/").strip();
    }

    /** What a command of the shell prints. */
    static String printed(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of("/bin/sh", "-c", command + " 2>&1")).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int unused = process.waitFor();
        return text;
    }

    private static String field(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT)))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown");
    }

    private static List<String> lines(String file) throws IOException {
        Path path = Path.of(file);
        return Files.exists(path) ? Files.readAllLines(path) : List.of();
    }
}
