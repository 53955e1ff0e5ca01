package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.InstanceId;
import io.stillframe.spi.Subscription;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sessions come and go while a domain's events arrive: none keeps its connection, and none is called after its end. */
class SessionEventsTest {
    private static final int ROUNDS = 12;
    private static final int AT_ONCE = 4;

    private LabGuest guest;
    private LibvirtHypervisor staying;
    private InstanceId id;

    @BeforeEach
    void start() {
        guest = LabGuest.create(Lab.open(), "lv-events");
        guest.virsh("start", "--paused");
        staying = LibvirtHypervisor.open(URI.create(Lab.URI));
        id = staying.driver().observe(guest.name()).id();
    }

    @AfterEach
    void stop() {
        if (staying != null) {
            staying.close();
        }
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void aClosedSessionLeavesNoConnection() {
        long before = sockets();

        for (int round = 0; round < AT_ONCE; round++) {
            LibvirtHypervisor.open(URI.create(Lab.URI)).close();
        }

        Awaitility.await().untilAsserted(() -> assertThat(sockets()).isEqualTo(before));
    }

    /** What libvirt called was collected with the closed session, which ended the process. */
    @Test
    void eventsThatArriveWhileSessionsAreClosedReachTheOthers() {
        AtomicInteger told = new AtomicInteger();
        AtomicBoolean enough = new AtomicBoolean();
        Subscription watching = staying.driver().watch(id, told::incrementAndGet);
        Thread events = new Thread(() -> {
            while (!enough.get()) {
                guest.virsh("reset");
                guest.virsh("resume");
                guest.virsh("suspend");
            }
        });
        events.start();

        for (int round = 0; round < ROUNDS; round++) {
            List<LibvirtHypervisor> passing = new ArrayList<>();
            for (int each = 0; each < AT_ONCE; each++) {
                LibvirtHypervisor one = LibvirtHypervisor.open(URI.create(Lab.URI));
                one.driver().watch(id, () -> {});
                passing.add(one);
            }
            int before = told.get();
            Awaitility.await().until(() -> told.get() > before);
            passing.forEach(LibvirtHypervisor::close);
            passing.clear();
            System.gc();
        }

        enough.set(true);
        Awaitility.await().until(() -> !events.isAlive());
        watching.close();
    }

    private static long sockets() {
        long sockets = 0;
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : open) {
                sockets += isSocket(each) ? 1 : 0;
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return sockets;
    }

    private static boolean isSocket(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (NoSuchFileException closedMeanwhile) {
            return false;
        }
    }
}
