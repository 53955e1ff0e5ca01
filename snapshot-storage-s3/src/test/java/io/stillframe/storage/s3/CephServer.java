package io.stillframe.storage.s3;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The lab's radosgw. Where it does not run it is started, and stopped again after all tests. Where it cannot run, tests are skipped with
 * a message. The environment can say more: with {@code STILLFRAME_LAB_TESTS=required}, or {@code CI=true} and nothing else said, they
 * fail; with {@code STILLFRAME_LAB_TESTS=off} they are skipped although it can run.
 */
final class CephServer implements ExecutionCondition, BeforeAllCallback {
    private @Nullable S3Server server;

    S3Server server() {
        return Objects.requireNonNull(server, "found before all tests");
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        String wish = wish();
        if (wish.equals("off")) {
            return ConditionEvaluationResult.disabled("STILLFRAME_LAB_TESTS is off");
        }
        Optional<String> obstacle = running(context).obstacle();
        if (obstacle.isEmpty() || wish.equals("required")) {
            return ConditionEvaluationResult.enabled("the lab's Ceph runs, or must");
        }
        return ConditionEvaluationResult.disabled("the lab's Ceph cannot run here: " + obstacle.get());
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        server = running(context).server();
    }

    private static Running running(ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(CephServer.class, type -> Running.find(), Running.class);
    }

    private static String wish() {
        String unsaid = "true".equals(System.getenv("CI")) ? "required" : "if-possible";
        return Optional.ofNullable(System.getenv("STILLFRAME_LAB_TESTS")).orElse(unsaid);
    }

    /** One cluster for all tests of this process. */
    private record Running(Optional<S3Server> found, Optional<String> obstacle, boolean startedHere)
            implements AutoCloseable {
        static Running find() {
            try {
                boolean ranBefore = CephLab.settings().filter(CephLab::answers).isPresent();
                Optional<String> obstacle = ranBefore ? Optional.empty() : CephLab.start();
                return new Running(
                        obstacle.isPresent() ? Optional.empty() : Optional.of(connect()), obstacle, !ranBefore);
            } catch (IOException e) {
                return new Running(Optional.empty(), Optional.of(e.toString()), false);
            }
        }

        private static S3Server connect() throws IOException {
            CephLab settings = CephLab.settings().orElseThrow(() -> new IOException("the lab left no settings"));
            return new S3Server(
                    URI.create(settings.value("STILLFRAME_S3_ENDPOINT")),
                    settings.value("AWS_REGION"),
                    new S3Credentials.Keys(
                            settings.value("AWS_ACCESS_KEY_ID"),
                            settings.value("AWS_SECRET_ACCESS_KEY"),
                            Optional.empty()));
        }

        S3Server server() {
            return found.orElseThrow(() ->
                    new AssertionError("the lab's Ceph is required but cannot run: " + obstacle.orElse("unknown")));
        }

        @Override
        public void close() throws IOException {
            found.ifPresent(S3Server::close);
            if (startedHere && found.isPresent()) {
                CephLab.stop();
            }
        }
    }

    /** Where the lab keeps its state. */
    static Path state() {
        return Path.of(Optional.ofNullable(System.getenv("STILLFRAME_LAB"))
                .filter(place -> place.startsWith("/"))
                .orElse("/var/tmp/stillframe-lab"));
    }
}
