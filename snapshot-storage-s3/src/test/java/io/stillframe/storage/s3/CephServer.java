package io.stillframe.storage.s3;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The lab's radosgw, as {@code examples/lab/stores/ceph-up.sh} has started it. Where it does not run, tests are skipped with a message;
 * with {@code CI=true} or {@code STILLFRAME_LAB=required} they fail.
 */
final class CephServer implements ExecutionCondition, BeforeAllCallback {
    private static final String HOW = "start it with examples/lab/stores/ceph-up.sh";

    private @Nullable S3Server server;

    S3Server server() {
        return Objects.requireNonNull(server, "found before all tests");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        server = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(CephServer.class, type -> find(), S3Server.class);
    }

    private static S3Server find() {
        Map<String, String> settings =
                settings().orElseThrow(() -> new IllegalStateException("the lab's Ceph does not run: " + HOW));
        return new S3Server(
                URI.create(value(settings, "STILLFRAME_S3_ENDPOINT")),
                value(settings, "AWS_REGION"),
                new S3Credentials.Keys(
                        value(settings, "AWS_ACCESS_KEY_ID"),
                        value(settings, "AWS_SECRET_ACCESS_KEY"),
                        Optional.empty()));
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (settings().filter(CephServer::answers).isPresent() || required()) {
            return ConditionEvaluationResult.enabled("the lab's Ceph runs, or must");
        }
        return ConditionEvaluationResult.disabled("the lab's Ceph does not run: " + HOW);
    }

    private static boolean required() {
        return "true".equals(System.getenv("CI")) || "required".equals(System.getenv("STILLFRAME_LAB"));
    }

    private static boolean answers(Map<String, String> settings) {
        URI endpoint = URI.create(value(settings, "STILLFRAME_S3_ENDPOINT"));
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.getPort()), 2000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static Optional<Map<String, String>> settings() {
        String lab = System.getenv("STILLFRAME_LAB");
        boolean usual = lab == null || lab.equals("required");
        Path file = Path.of(usual ? "/var/tmp/stillframe-lab" : lab, "run", "ceph.env");
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        Map<String, String> settings = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                int equals = line.indexOf("='");
                if (line.startsWith("export ") && equals > 0) {
                    settings.put(line.substring(7, equals), line.substring(equals + 2, line.length() - 1));
                }
            }
        } catch (IOException e) {
            return Optional.empty();
        }
        return Optional.of(settings);
    }

    private static String value(Map<String, String> settings, String name) {
        return Optional.ofNullable(settings.get(name))
                .orElseThrow(() -> new IllegalStateException("the lab's settings lack " + name));
    }
}
