package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.internal.file.ChildJvm;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SweepMode;
import io.stillframe.spi.Cancellation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The flight recorder is an optional module: where a runtime was built without it, snapshots are taken all the same. */
class WithoutFlightRecorderTest {
    /** What the module's descriptor requires of the JDK, less {@code jdk.jfr}. */
    private static final String MODULES = "java.base,java.xml,java.sql,jdk.unsupported";

    @Test
    void aSnapshotIsTakenSweptAndRecovered() {
        try (ChildJvm child = ChildJvm.start(List.of("--limit-modules=" + MODULES), Child.class)) {
            assertThat(child.line()).isEqualTo("jdk.jfr: false");
            assertThat(child.line()).isEqualTo("AVAILABLE");
            assertThat(child.line()).isEqualTo("0 left");
            assertThat(child.join()).isZero();
        }
    }

    /** Every phase that has an event. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            System.out.println(
                    "jdk.jfr: " + ModuleLayer.boot().findModule("jdk.jfr").isPresent());
            try (Lab lab = Lab.running()) {
                SnapshotService service = lab.service();
                Snapshot settled = lab.settled(service, service.create(Lab.request()));
                System.out.println(settled.status());
                service.recover(new Cancellation());
                service.delete(settled.id());
                System.out.println(service.sweep(SweepMode.REMOVE, new Cancellation())
                                .items()
                                .size() + " left");
            }
        }
    }
}
