package io.stillframe.libvirt.crash;

import com.sun.jna.Library;
import com.sun.jna.Native;
import io.stillframe.SnapshotService;
import io.stillframe.libvirt.LibvirtHypervisor;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.Replica;
import io.stillframe.model.RetryPolicy;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.Storing;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.testing.CallPoint;
import io.stillframe.testing.CallPoint.Moment;
import io.stillframe.testing.CallPoints;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An engine in a process of its own, which reads one {@link Order}, works, and is killed at the order's point. It prints {@code READY},
 * then {@code POINT nanos name} for each point in a dry run, {@code AT} when it waits, and {@code DONE outcome} if it lives to see its end.
 */
public final class CrashChild {
    static final Duration LONG = Duration.ofMinutes(2);
    static final int SIGKILL = 9;

    /** What a service calls the region of its only store. */
    private static final String HOME = "home";

    private final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private final String instance;
    private final CallPoints points = new CallPoints(this::at);
    private final AtomicReference<SnapshotId> working = new AtomicReference<>();
    private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
    private volatile Order order;

    private CrashChild(String instance) {
        this.instance = instance;
    }

    /** The C library, whose {@code kill} leaves the process no moment longer. */
    public interface CLibrary extends Library {
        CLibrary INSTANCE = Native.load("c", CLibrary.class);

        int getpid();

        int kill(int pid, int signal);
    }

    /** Arguments: hypervisor, catalog, store, instance. */
    public static void main(String[] arguments) throws IOException {
        // What it logs on its way to its death is of no interest.
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "off");
        CLibrary.INSTANCE.getpid();
        CrashChild child = new CrashChild(arguments[3]);
        try (Hypervisor hypervisor = LibvirtHypervisor.open(URI.create(arguments[0]));
                SnapshotCatalog catalog = Plugins.catalog(URI.create(arguments[1]));
                ObjectStore store = Plugins.store(URI.create(arguments[2]));
                SnapshotService service = SnapshotService.builder()
                        .hypervisor(child.points.around(hypervisor))
                        .catalog(child.points.around(catalog))
                        .store(child.points.around(store))
                        .settings(settings())
                        .build()) {
            System.out.println("READY");
            String line = child.input.readLine();
            if (line != null) {
                child.order = Order.parse(line);
                System.out.println("DONE " + child.outcome(service));
            }
        }
    }

    static ServiceSettings settings() {
        return ServiceSettings.builder()
                .leaseTtl(Duration.ofSeconds(1))
                .partSize(512 << 10)
                .memory(64 << 20)
                .encodersPerTransfer(1)
                .uploadsPerTransfer(1)
                .stopGrace(Duration.ofSeconds(20))
                .expiry(ServiceSettings.Expiry.SWEEP)
                .retries(new RetryPolicy(Duration.ofMillis(50), Duration.ofSeconds(1), 6))
                .build();
    }

    private String outcome(SnapshotService service) {
        try {
            return work(service);
        } catch (SnapshotException e) {
            return e.kind() + " " + e.getMessage();
        }
    }

    private String work(SnapshotService service) {
        switch (order.work()) {
            case DELETE, DELETE_BASE, DELETE_LAST, VOLUME_DELETE -> service.delete(new SnapshotId(order.subject()));
            case VOLUME_COPY -> {
                SnapshotId id = new SnapshotId(order.subject());
                service.addCopy(id, HOME);
                service.await(id, CrashChild::isCopied, LONG);
            }
            case LAUNCH, VOLUME_LAUNCH ->
                service.launch(LaunchRequest.of(new SnapshotId(order.subject()), instance + "-copy")
                        .withStart(LaunchRequest.Start.STARTED));
            default -> {
                working.set(service.create(request(order.work())).id());
                CompletableFuture<Void> unused = cancelled.thenRunAsync(() -> service.cancel(working.get()));
                Snapshot settled = service.await(working.get(), SnapshotService.settled(), LONG);
                return settled.status() + " "
                        + settled.failure().map(f -> f.reason()).orElse("");
            }
        }
        return "";
    }

    /** Whether every copy that it is to have is complete. */
    static boolean isCopied(Snapshot snapshot) {
        return snapshot.replicas().stream().allMatch(Replica::isComplete);
    }

    private SnapshotRequest request(Work work) {
        SnapshotRequest request = SnapshotRequest.of(instance)
                .withShutdown(new ShutdownPolicy(Duration.ofSeconds(20), Duration.ofSeconds(1)));
        Storing storing = work == Work.CHANGES ? Storing.CHANGES : Storing.WHOLE;
        return work.stops() ? request : request.withCapture(CaptureMode.LIVE).withStoring(storing);
    }

    private void at(CallPoint point) {
        Order now = order;
        if (now == null) {
            return;
        }
        if (now.work() == Work.CANCEL_STOPPING && isCall(point, "HypervisorDriver.requestShutdown", Moment.AFTER)
                || now.work() == Work.CANCEL_SENDING
                        && isCall(point, "ObjectStore.beginUpload", Moment.BEFORE)
                        && point.call().startsWith("transfer")) {
            cancelled.complete(null);
        }
        if (now.at().isEmpty()) {
            System.out.println("POINT " + System.nanoTime() + " " + point);
        } else if (now.at().get().equals(point)) {
            act(now);
        } else if (now.delayMillis() > 0 && isOtherSide(now.at().get(), point)) {
            // The call ended sooner than in the dry run.
            kill();
        }
    }

    private static boolean isOtherSide(CallPoint one, CallPoint other) {
        return one.call().equals(other.call()) && one.occurrence() == other.occurrence();
    }

    private static boolean isCall(CallPoint point, String call, Moment moment) {
        return point.call().contains(call) && point.moment() == moment && point.occurrence() == 1;
    }

    private void act(Order now) {
        switch (now.act()) {
            case KILL_ENGINE -> {
                if (now.delayMillis() == 0) {
                    kill();
                    return;
                }
                // In the timer's own thread: others may be busy.
                CompletableFuture.delayedExecutor(now.delayMillis(), TimeUnit.MILLISECONDS, Runnable::run)
                        .execute(CrashChild::kill);
            }
            case WAIT -> await();
            case CANCEL -> cancelled.complete(null);
        }
    }

    private static void kill() {
        CLibrary.INSTANCE.kill(CLibrary.INSTANCE.getpid(), SIGKILL);
    }

    private synchronized void await() {
        try {
            System.out.println("AT");
            input.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
