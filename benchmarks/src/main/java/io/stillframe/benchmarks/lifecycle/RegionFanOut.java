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
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What several regions cost over one: {@code RegionFanOut ROUNDS HYPERVISOR-URI INSTANCE REGION-URI…} takes and deletes a snapshot of the
 * instance to each region alone and to all of them in turn, and prints processor seconds of this process, wall time, and their ratios to each
 * region alone: to the cheapest, which is a local one, and to those that are reached over a network. The first round warms up and does not
 * count. Exits with 1 if all together cost more than 1.4 times the processor time of the first region alone, by the medians of the rounds.
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
    private record Cost(double processor, double wall) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.2f s processor, %.2f s wall", processor, wall);
        }
    }

    private RegionFanOut(SnapshotService service, String instance) {
        this.service = service;
        this.instance = instance;
    }

    /** Measures. */
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
            ratio = new RegionFanOut(service, args[2]).measure(rounds, regions, stores);
        }
        System.exit(ratio <= BAR ? 0 : 1);
    }

    /** Gives the ratio of all regions' processor time to the first one's. */
    private double measure(int rounds, List<String> regions, List<String> stores) {
        List<List<Cost>> alone =
                regions.stream().<List<Cost>>map(region -> new ArrayList<>()).toList();
        List<Cost> together = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            List<Cost> costs =
                    regions.stream().map(region -> take(List.of(region))).toList();
            Cost all = take(regions);
            System.out.printf("%s: alone %s; all %s%n", round == 0 ? "warm-up" : "round " + round, costs, all);
            if (round > 0) {
                IntStream.range(0, costs.size()).forEach(i -> alone.get(i).add(costs.get(i)));
                together.add(all);
            }
        }
        Cost all = median(together);
        System.out.printf("medians of %d rounds; all %d regions: %s%n", rounds, regions.size(), all);
        for (int i = 0; i < regions.size(); i++) {
            Cost one = median(alone.get(i));
            System.out.printf(
                    Locale.ROOT,
                    "  to %s alone: %s; all regions are %.2f x its processor time and %.2f x its wall time%n",
                    URI.create(stores.get(i)).getScheme() + " (region-" + i + ")",
                    one,
                    all.processor() / one.processor(),
                    all.wall() / one.wall());
        }
        double ratio = all.processor() / median(alone.get(0)).processor();
        System.out.printf(Locale.ROOT, "processor time to the first region's: %.2f, at most %.2f wanted%n", ratio, BAR);
        return ratio;
    }

    private static Cost median(List<Cost> costs) {
        return new Cost(median(costs, Cost::processor), median(costs, Cost::wall));
    }

    private static double median(List<Cost> costs, ToDoubleFunction<Cost> of) {
        double[] sorted = costs.stream().mapToDouble(of).sorted().toArray();
        return sorted[sorted.length / 2];
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
