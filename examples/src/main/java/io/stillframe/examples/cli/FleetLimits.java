package io.stillframe.examples.cli;

import io.stillframe.model.ConcurrencyLimits;
import io.stillframe.model.SnapshotException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import picocli.CommandLine.Option;

/** How much may run at once over all processes on one catalog: the same options for all of them. */
final class FleetLimits {
    private static final String CAPTURES = "--max-captures";
    private static final String CAPTURES_PER_HOST = "--max-captures-per-host";
    private static final String TRANSFERS = "--max-transfers";
    private static final String TRANSFERS_PER_HOST = "--max-transfers-per-host";
    private static final String TRANSFERS_PER_STORE = "--max-transfers-per-store";

    @Option(
            names = CAPTURES,
            paramLabel = "N",
            description = "Instances captured at once by all processes on the catalog; give all of them the same.")
    private Optional<Integer> captures = Optional.empty();

    @Option(names = CAPTURES_PER_HOST, paramLabel = "N", description = "Of those, on one host.")
    private Optional<Integer> capturesPerHost = Optional.empty();

    @Option(
            names = TRANSFERS,
            paramLabel = "N",
            description = "Snapshots whose disks are stored at once by all processes on the catalog.")
    private Optional<Integer> transfers = Optional.empty();

    @Option(names = TRANSFERS_PER_HOST, paramLabel = "N", description = "Of those, from one host.")
    private Optional<Integer> transfersPerHost = Optional.empty();

    @Option(names = TRANSFERS_PER_STORE, paramLabel = "N", description = "Of those, to one store.")
    private Optional<Integer> transfersPerStore = Optional.empty();

    ConcurrencyLimits limits() {
        ConcurrencyLimits limits = ConcurrencyLimits.none();
        limits = limited(limits, captures, ConcurrencyLimits::withCaptures);
        limits = limited(limits, capturesPerHost, ConcurrencyLimits::withCapturesPerHost);
        limits = limited(limits, transfers, ConcurrencyLimits::withTransfers);
        limits = limited(limits, transfersPerHost, ConcurrencyLimits::withTransfersPerHost);
        return limited(limits, transfersPerStore, ConcurrencyLimits::withTransfersPerStore);
    }

    /** The same options for another process. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        captures.ifPresent(most -> arguments.add(CAPTURES + "=" + most));
        capturesPerHost.ifPresent(most -> arguments.add(CAPTURES_PER_HOST + "=" + most));
        transfers.ifPresent(most -> arguments.add(TRANSFERS + "=" + most));
        transfersPerHost.ifPresent(most -> arguments.add(TRANSFERS_PER_HOST + "=" + most));
        transfersPerStore.ifPresent(most -> arguments.add(TRANSFERS_PER_STORE + "=" + most));
        return arguments;
    }

    private static ConcurrencyLimits limited(
            ConcurrencyLimits limits,
            Optional<Integer> most,
            BiFunction<ConcurrencyLimits, Integer, ConcurrencyLimits> change) {
        try {
            return most.map(value -> change.apply(limits, value)).orElse(limits);
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }
}
