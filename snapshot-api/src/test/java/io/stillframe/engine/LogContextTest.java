package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.internal.file.ChildJvm;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.store.FaultInjectingStore.Operation;
import io.stillframe.testing.RecordedLogging;
import io.stillframe.testing.RecordedLogging.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every line that a job's threads log names its snapshot and instance, and no thread keeps the names when its work is over. */
class LogContextTest {
    private static final Pattern THREAD = Pattern.compile("stillframe-[0-9a-f]+-([a-z]+)(-[a-z0-9.-]+)?-\\d+");
    private static final Set<String> OF_JOBS = Set.of("capture", "transfer", "upload", "call", "return", "release");

    /** In a process of its own, since a process has one logging backend for ever. */
    @Test
    void linesNameSnapshotAndInstanceAndThreadsForgetThem() {
        try (ChildJvm child = ChildJvm.start(Child.class)) {
            List<String> told = new ArrayList<>();
            for (Optional<String> line = child.nextLine(); line.isPresent(); line = child.nextLine()) {
                told.add(line.get());
            }
            assertThat(told).containsExactly("threads that logged: [capture, release, transfer, upload]", "done");
            assertThat(child.join()).isZero();
        }
    }

    /** Takes two snapshots, one after the other with the same threads, and lets something go wrong in each of them. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            RecordedLogging.install();
            Set<String> works = new TreeSet<>();
            try (Lab lab = Lab.running()) {
                lab.host.add(Lab.instance("db").running().build());
                SnapshotService service = lab.service();
                for (String instance : List.of(Lab.INSTANCE, "db")) {
                    int before = RecordedLogging.lines().size();
                    Snapshot snapshot = troubled(lab, service, Lab.request(instance));
                    await().untilAsserted(
                                    () -> assertThat(RecordedLogging.left()).isEmpty());
                    RecordedLogging.lines().stream()
                            .skip(before)
                            .filter(line -> line.logger().startsWith("io.stillframe."))
                            .forEach(line -> look(line, snapshot, works));
                }
            }
            System.out.println("threads that logged: " + works);
            System.out.println("done");
        }

        private static Snapshot troubled(Lab lab, SnapshotService service, SnapshotRequest request) {
            lab.store.failBefore(Operation.PUT_PART, 1, Kind.TRANSIENT);
            lab.store.failBefore(Operation.BEGIN_UPLOAD, 1, Kind.TRANSIENT);
            for (SimulatedOperation operation : List.of(
                    SimulatedOperation.POWER_ON,
                    SimulatedOperation.RELEASE_CAPTURE,
                    SimulatedOperation.BEGIN_CAPTURE)) {
                lab.host.faults().next(operation, SimulatedFault.before(Kind.TRANSIENT));
            }
            return lab.settled(service, service.create(request));
        }

        private static void look(Line line, Snapshot snapshot, Set<String> works) {
            Matcher thread = THREAD.matcher(line.thread());
            if (!thread.matches() || !OF_JOBS.contains(thread.group(1))) {
                return;
            }
            works.add(thread.group(1));
            Map<String, String> expected = Map.of(
                    "snapshot",
                    snapshot.id().value(),
                    "instance",
                    snapshot.instance().name());
            if (!line.context().equals(expected)) {
                System.out.println(line + " instead of " + expected);
            }
        }
    }
}
