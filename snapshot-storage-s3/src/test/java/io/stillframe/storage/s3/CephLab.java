package io.stillframe.storage.s3;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The lab's scripts for Ceph, and what they say of the cluster that runs.
 *
 * @param values variables by name
 */
record CephLab(Map<String, String> values) {
    private static final Path SCRIPTS =
            Path.of(System.getProperty("stillframe.root", ".."), "examples", "lab", "stores");
    private static final int LONGEST_SECONDS = 300;

    static Optional<CephLab> settings() throws IOException {
        Path file = CephServer.state().resolve("run").resolve("ceph.env");
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        Map<String, String> settings = new HashMap<>();
        for (String line : Files.readAllLines(file)) {
            int equals = line.indexOf("='");
            if (line.startsWith("export ") && equals > 0) {
                settings.put(line.substring(7, equals), line.substring(equals + 2, line.length() - 1));
            }
        }
        return Optional.of(new CephLab(settings));
    }

    String value(String name) {
        return Optional.ofNullable(values.get(name))
                .orElseThrow(() -> new IllegalStateException("the lab's settings lack " + name));
    }

    boolean answers() {
        URI endpoint = URI.create(value("STILLFRAME_S3_ENDPOINT"));
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.getPort()), 2000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Starts the cluster; gives what is in the way of it. */
    static Optional<String> start() throws IOException {
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.of("it needs root");
        }
        return script("ceph-up.sh");
    }

    static void stop() throws IOException {
        Optional<String> fault = script("ceph-down.sh");
        if (fault.isPresent()) {
            throw new IOException(fault.get());
        }
    }

    /** {@code radosgw-admin} on the cluster that runs. */
    static void admin(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("radosgw-admin"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("CEPH_CONF", settings().orElseThrow().value("CEPH_CONF"));
        Optional<String> fault = run(builder, "radosgw-admin");
        if (fault.isPresent()) {
            throw new IOException(fault.get());
        }
    }

    private static Optional<String> script(String name) throws IOException {
        Path script = SCRIPTS.resolve(name);
        if (!Files.isExecutable(script)) {
            return Optional.of("there is no " + script);
        }
        ProcessBuilder builder = new ProcessBuilder(script.toString());
        builder.environment().put("STILLFRAME_LAB", CephServer.state().toString());
        return run(builder, name);
    }

    private static Optional<String> run(ProcessBuilder builder, String name) throws IOException {
        Path log = Files.createTempFile("ceph", ".log");
        try {
            Process process = builder.redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Optional.of(name + " did not end within " + LONGEST_SECONDS + " s");
            }
            String said = Files.readString(log, StandardCharsets.ISO_8859_1).strip();
            return process.exitValue() == 0 ? Optional.empty() : Optional.of(said);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of(name + " was interrupted");
        } finally {
            Files.delete(log);
        }
    }
}
