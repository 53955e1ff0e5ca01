package io.stillframe.benchmarks.lifecycle;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.Availability;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Placement;
import io.stillframe.model.Replica;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What three regions cost over one: {@code RegionFanOut ROUNDS HYPERVISOR-URI INSTANCE REGION-URI…} takes and deletes a snapshot of the
 * instance to the first region alone and to all of them in turn, and prints processor seconds of this process, wall time and their
 * ratios round by round. The first round of each warms up and does not count.
 */
public final class RegionFanOut {
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final double BAR = 1.4;

    private final SnapshotService service;
    private final String instance;

    /**
     * One snapshot's cost.
     *
     * @param processor seconds of this process
     * @param wall seconds until all regions were complete
     */
    private record Cost(double processor, double wall) {}

    private RegionFanOut(SnapshotService service, String instance) {
        this.service = service;
        this.instance = instance;
    }

    /** Measures; exits with 1 if the median ratio of processor time is over 1.4. */
    public static void main(String[] args) {
        int rounds = Integer.parseInt(args[0]);
        List<String> stores = List.of(Arrays.copyOfRange(args, 3, args.length));
        SnapshotService.Builder builder = SnapshotService.builder()
                .hypervisor(URI.create(args[1]))
                .catalog(MemoryCatalog.create(Clock.systemUTC()))
                .settings(ServiceSettings.builder()
                        .regionPatience(Duration.ofHours(1))
                        .build());
        List<String> regions =
                IntStream.range(0, stores.size()).mapToObj(i -> "region-" + i).toList();
        IntStream.range(0, stores.size()).forEach(i -> builder.region(regions.get(i), URI.create(stores.get(i))));
        double ratio;
        try (SnapshotService service = builder.build()) {
            ratio = new RegionFanOut(service, args[2]).measure(rounds, regions);
        }
        System.exit(ratio <= BAR ? 0 : 1);
    }

    private double measure(int rounds, List<String> regions) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            Cost one = take(regions.subList(0, 1));
            Cost all = take(regions);
            System.out.printf(
                    Locale.ROOT,
                    "%s: 1 region %.2f s processor, %.2f s wall; %d regions %.2f s, %.2f s; ratios %.2f, %.2f%n",
                    round == 0 ? "warm-up" : "round " + round,
                    one.processor(),
                    one.wall(),
                    regions.size(),
                    all.processor(),
                    all.wall(),
                    all.processor() / one.processor(),
                    all.wall() / one.wall());
            if (round > 0) {
                ratios.add(all.processor() / one.processor());
            }
        }
        double median = ratios.stream().sorted().toList().get(ratios.size() / 2);
        System.out.printf(Locale.ROOT, "median ratio of processor time %.2f, at most %.2f wanted%n", median, BAR);
        return median;
    }

    private Cost take(List<String> regions) {
        Placement placement = Placement.home().withRegions(regions).withAvailability(Availability.ALL);
        long wall = System.nanoTime();
        long processor = processorNanos();
        Snapshot created = service.create(
                SnapshotRequest.of(instance).withCapture(CaptureMode.SHUTDOWN).withPlacement(placement));
        Snapshot snapshot = service.await(created.id(), SnapshotService.settled(), LONGEST);
        Cost cost = new Cost((processorNanos() - processor) / 1e9, (System.nanoTime() - wall) / 1e9);
        if (snapshot.status() != SnapshotStatus.AVAILABLE
                || !snapshot.replicas().stream().allMatch(Replica::isComplete)) {
            throw new IllegalStateException("not complete everywhere: " + snapshot);
        }
        service.delete(snapshot.id());
        new Cancellation().await(Duration.ofMillis(200).toNanos());
        return cost;
    }

    private static long processorNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
