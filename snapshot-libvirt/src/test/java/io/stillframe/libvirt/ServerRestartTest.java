package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.Subscription;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** libvirt's server is killed and started again under a session, while its guest goes on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerRestartTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private PrivateLibvirt server;
    private LabGuest guest;
    private LibvirtHypervisor hypervisor;

    @BeforeAll
    void start() {
        Lab lab = Lab.open();
        server = PrivateLibvirt.start(lab);
        guest = LabGuest.create(
                        lab.at(server.uri().toString()),
                        "lv-restart",
                        "--root-format",
                        "raw",
                        "--data-size",
                        "64M",
                        "--data-format",
                        "raw")
                .boot();
        hypervisor = LibvirtHypervisor.open(server.uri());
    }

    @AfterAll
    void stop() {
        if (server != null) {
            hypervisor.close();
            guest.close();
            server.close();
        }
    }

    @Test
    void aKilledServerIsTransientALostConnectionIsAChangeAndTheNextCallReconnects() {
        InstanceState before = observe();
        AtomicInteger changes = new AtomicInteger();
        Subscription watching = hypervisor.driver().watch(before.id(), changes::incrementAndGet);

        server.kill();

        Awaitility.await().atMost(PATIENCE).until(() -> changes.get() > 0);
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(this::observe)
                .matches(e -> e.kind() == Kind.TRANSIENT, "is transient");
        server.start();
        assertThat(observe()).isEqualTo(before);
        int afterReconnection = changes.get();
        guest.virsh("suspend");
        Awaitility.await().atMost(PATIENCE).until(() -> changes.get() > afterReconnection);
        assertThat(observe().power()).isEqualTo(PowerState.PAUSED);
        hypervisor.driver().powerOn(before.id());
        assertThat(observe().boot()).isEqualTo(before.boot());
        watching.close();
    }

    @Test
    void theServerIsKilledInTheMiddleOfAMerge() {
        InstanceState before = observe();
        CapturePlan plan = hypervisor.capture().plan(SnapshotId.create(Instant.now()), before, DiskSelection.all());
        hypervisor.capture().begin(plan);
        long record = guest.awaitWrites();
        try (LibvirtHypervisor crawling =
                LibvirtHypervisor.open(server.uri(), LibvirtOptions.ofDefaults().withMergeBandwidth(4096))) {
            CompletableFuture<Void> release =
                    CompletableFuture.runAsync(() -> crawling.capture().release(plan, new Cancellation()));
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> guest.virsh("blockjob", "vda", "--raw").contains("Active Block Commit"));

            server.kill();

            assertThat(release).failsWithin(PATIENCE);
        }
        long during = guest.awaitWrites();
        assertThat(during).isGreaterThan(record);
        server.start();
        hypervisor.capture().release(plan, new Cancellation());

        assertThat(observe()).isEqualTo(before);
        assertThat(guest.leftovers()).isEmpty();
        guest.assertKept(during);
        guest.boot();
    }

    private InstanceState observe() {
        return hypervisor.driver().observe(guest.name());
    }
}
