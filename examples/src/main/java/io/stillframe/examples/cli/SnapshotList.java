package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.RecordJson;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.spi.Page;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code snapshot list}. */
@Command(name = "list", description = "Lists snapshots, newest first.")
final class SnapshotList implements Callable<Integer> {
    private static final int PAGE = 500;

    private final Console console;

    @Mixin
    private Places places = new Places();

    @Option(names = "--json", description = "Prints an array of whole records.")
    private boolean json;

    @Option(
            names = "--status",
            paramLabel = "STATUS",
            split = ",",
            description = "Only those that are: ${COMPLETION-CANDIDATES}. Removed ones, of which others need something,"
                    + " are listed only if asked for.")
    private List<SnapshotStatus> statuses = List.of();

    @Option(names = "--instance", paramLabel = "NAME", description = "Only those of this instance, by name or id.")
    private Optional<String> instance = Optional.empty();

    @Option(names = "--tenant", paramLabel = "NAME", description = "Only those taken for this tenant.")
    private Optional<String> tenant = Optional.empty();

    SnapshotList(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.records(console).build()) {
            if (json) {
                printJson(service);
            } else {
                printTable(service);
            }
            return Stillframe.DONE;
        }
    }

    private SnapshotQuery query() {
        SnapshotQuery all = SnapshotQuery.all().withStatus(statuses.toArray(SnapshotStatus[]::new));
        SnapshotQuery whose =
                tenant.map(SnapshotList::tenant).map(all::withTenant).orElse(all);
        return instance.map(whose::withInstance).orElse(whose);
    }

    private static Tenant tenant(String name) {
        try {
            return new Tenant(name);
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    private void printTable(SnapshotService service) {
        console.out().println(SnapshotText.heading());
        Optional<String> after = Optional.empty();
        do {
            Page<Snapshot> page = service.list(query(), after, PAGE);
            page.items().forEach(snapshot -> console.out().println(SnapshotText.row(snapshot)));
            after = page.next();
        } while (after.isPresent());
    }

    private void printJson(SnapshotService service) {
        String separator = "[";
        Optional<String> after = Optional.empty();
        do {
            Page<Snapshot> page = service.list(query(), after, PAGE);
            for (Snapshot snapshot : page.items()) {
                console.out().println(separator + RecordJson.write(snapshot));
                separator = ",";
            }
            after = page.next();
        } while (after.isPresent());
        console.out().println(separator.equals("[") ? "[]" : "]");
    }
}
