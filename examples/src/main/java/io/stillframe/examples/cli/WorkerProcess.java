package io.stillframe.examples.cli;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Starts {@code stillframe worker} as a process that outlives this one and its terminal. */
final class WorkerProcess {
    /** Programs that keep a terminal's end from the program they start, the better one first. */
    private static final List<String> DETACHERS = List.of("setsid", "nohup");

    private WorkerProcess() {}

    /**
     * Starts it.
     *
     * @return for a person: its process and its log
     * @throws SnapshotException PERMANENT if it cannot be started; the snapshot stays queued
     */
    static String start(SnapshotId id, Places places, FleetLimits limits, Console console) {
        try {
            Path log = logFile(id, places.requireCatalog(console));
            ProcessBuilder builder = new ProcessBuilder(commandLine(id, limits))
                    .redirectInput(new File(File.separatorChar == '/' ? "/dev/null" : "NUL"))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            // By environment, not by argument: every user can read a process's arguments, and a URI may hold a secret.
            Map<String, String> environment = builder.environment();
            environment.put(
                    Places.HYPERVISOR_VARIABLE,
                    places.requireHypervisor(console).toString());
            places.hostName(console).ifPresent(name -> environment.put(Places.HOST_NAME_VARIABLE, name));
            List<RegionArgument> regions = places.regions(console);
            if (regions.isEmpty()) {
                environment.put(
                        Places.STORE_VARIABLE, places.requireStore(console).toString());
            } else {
                environment.put(
                        Places.REGIONS_VARIABLE,
                        regions.stream().map(RegionArgument::toString).collect(Collectors.joining(" ")));
            }
            environment.put(
                    Places.CATALOG_VARIABLE, places.requireCatalog(console).toString());
            Process process = builder.start();
            return "process " + process.pid() + " goes on with it, its log is " + log;
        } catch (IOException e) {
            throw SnapshotException.permanent(
                    "snapshot " + id + " is queued, but the process to go on with it cannot be started ("
                            + e.getMessage() + "); run 'stillframe worker --snapshot " + id + "'",
                    e);
        }
    }

    private static List<String> commandLine(SnapshotId id, FleetLimits limits) {
        List<String> command = new ArrayList<>();
        detacher().ifPresent(command::add);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(virtualMachineOptions());
        command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=info");
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Stillframe.class.getName());
        command.add("worker");
        command.add("--snapshot=" + id);
        command.addAll(limits.arguments());
        return command;
    }

    /** This process's own, but for what is about its terminal. */
    private static List<String> virtualMachineOptions() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-X") || option.startsWith("--enable-native-access"))
                .toList();
    }

    private static Optional<String> detacher() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return DETACHERS.stream()
                .flatMap(name -> Stream.of(path.split(File.pathSeparator)).map(directory -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
    }

    /** Beside a catalog in a directory, else under the directory for temporary files. */
    private static Path logFile(SnapshotId id, URI catalog) throws IOException {
        Path directory = "file".equalsIgnoreCase(catalog.getScheme())
                ? Path.of(Path.of(catalog.getPath()) + ".logs")
                : Path.of(
                        System.getProperty("java.io.tmpdir"),
                        "stillframe-" + System.getProperty("user.name") + ".logs");
        Files.createDirectories(directory);
        return directory.resolve(id + ".log");
    }
}
