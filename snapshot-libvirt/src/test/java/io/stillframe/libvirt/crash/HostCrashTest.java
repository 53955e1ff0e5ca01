package io.stillframe.libvirt.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.libvirt.Lab;
import io.stillframe.libvirt.PrivateLibvirt;
import io.stillframe.libvirt.crash.Order.Act;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What an engine needs is taken away from it in every phase: its guest's QEMU and libvirt's server are killed, the store and the
 * database are gone for a while. The engine lives on, another node recovers what it could not finish. With
 * {@code -Dstillframe.crash=all} or {@code =host}.
 */
@EnabledIfSystemProperty(named = "stillframe.crash", matches = "all|host")
class HostCrashTest {
    private static final String EFFECTS =
            ".*(requestShutdown|DiskCapture|powerOn|freeze|thaw|beginUpload v|putPart .* [12]$"
                    + "|complete|put manifest|update (CAPTURING|QUEUED|AVAILABLE)).*";
    private static final String STORING = "(transfer|upload|release): .*";
    private static final Duration AWHILE = Duration.ofSeconds(3);

    private final String name = "crash-host-" + ProcessHandle.current().pid();

    @Test
    void qemuIsKilled() {
        try (CrashBench bench = new CrashBench(Lab.open(), URI.create(Lab.URI), name)) {
            tryAll(bench, () -> new KillQemu(bench.guest()), EFFECTS, Work.SHUTDOWN, Work.LIVE);
        }
    }

    @Test
    void libvirtsServerIsKilled() {
        Lab lab = Lab.open();
        try (PrivateLibvirt server = PrivateLibvirt.start(lab);
                CrashBench bench = new CrashBench(lab.at(server.uri().toString()), server.uri(), name)) {
            Supplier<Harm> harm = () -> new Outage("libvirtd", server::kill, server::start, Duration.ofSeconds(1));
            tryAll(bench, harm, EFFECTS, Work.SHUTDOWN, Work.LIVE);
        }
    }

    @Test
    void theStoreIsGoneForAWhile() {
        try (CrashBench bench = new CrashBench(Lab.open(), URI.create(Lab.URI), name)) {
            Path store = bench.storeDirectory();
            Path away = store.resolveSibling("away");
            Supplier<Harm> harm =
                    () -> new Outage("store", () -> move(store, away), () -> putBack(away, store), AWHILE);
            tryAll(bench, harm, STORING, Work.LIVE);
        }
    }

    @Test
    void theDatabaseIsGoneForAWhile() {
        Lab lab = Lab.open();
        URI database = URI.create(lab.script("postgres.sh", "start", name).strip());
        try (CrashBench bench = new CrashBench(lab, URI.create(Lab.URI), name, Optional.of(database))) {
            Supplier<Harm> harm = () -> new Outage(
                    "database",
                    () -> lab.script("postgres.sh", "stop", name, "immediate"),
                    () -> lab.script("postgres.sh", "start", name),
                    AWHILE);
            tryAll(bench, harm, EFFECTS, Work.SHUTDOWN, Work.LIVE);
        } finally {
            lab.script("postgres.sh", "destroy", name);
        }
    }

    private static void tryAll(CrashBench bench, Supplier<Harm> harm, String calls, Work... works) {
        List<Verdict> verdicts = new ArrayList<>();
        System.out.println(Verdict.tableHead());
        for (Work work : works) {
            List<Order> orders = new CrashPlan(work, bench.dryRun(work)).befores(Act.WAIT);
            for (Order order : orders) {
                if (order.at().orElseThrow().call().matches(calls)) {
                    Verdict verdict = bench.run(order, harm.get());
                    System.out.println(verdict.row());
                    verdicts.add(verdict);
                }
            }
        }
        bench.proveDisks();
        assertThat(verdicts).isNotEmpty();
        assertThat(verdicts.stream().filter(verdict -> !verdict.good()).map(Verdict::row))
                .isEmpty();
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What was written into a directory made anew in its place would be lost; the store must not do that. */
    private static void putBack(Path away, Path store) {
        move(away, store);
    }
}
