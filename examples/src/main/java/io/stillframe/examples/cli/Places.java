package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where snapshots are taken, stored and recorded: options that fall back to environment variables. */
final class Places {
    private static final int PART_SIZE = 16 << 20;

    static final String HYPERVISOR_VARIABLE = "STILLFRAME_HYPERVISOR";
    static final String HOST_NAME_VARIABLE = "STILLFRAME_HOST_NAME";
    static final String STORE_VARIABLE = "STILLFRAME_STORE";
    static final String REGIONS_VARIABLE = "STILLFRAME_REGIONS";
    static final String CATALOG_VARIABLE = "STILLFRAME_CATALOG";

    @Option(
            names = "--hypervisor",
            paramLabel = "URI",
            converter = UriConverter.class,
            description = "Where the instances are, e.g. qemu:///system or images:///dir; default: $"
                    + HYPERVISOR_VARIABLE + ".")
    private Optional<URI> hypervisor = Optional.empty();

    @Option(
            names = "--host-name",
            paramLabel = "NAME",
            description =
                    "The name that all processes on the catalog know the hypervisor's host by, for hosts that each call it "
                            + "qemu:///system; default: $" + HOST_NAME_VARIABLE + ", else the URI.")
    private Optional<String> hostName = Optional.empty();

    @Option(
            names = "--store",
            paramLabel = "URI",
            converter = UriConverter.class,
            description = "Where snapshots are stored, e.g. file:///srv/snapshots; default: $" + STORE_VARIABLE + ".")
    private Optional<URI> store = Optional.empty();

    @Option(
            names = "--region",
            paramLabel = "NAME=URI",
            converter = RegionArgument.Converter.class,
            description = "Instead of --store, once for each of several regions, home first: its name, where it has"
                    + " one its jurisdiction (NAME@JURISDICTION=URI), and where it stores; default: $"
                    + REGIONS_VARIABLE + ", separated by spaces.")
    private List<RegionArgument> regions = List.of();

    @Option(
            names = "--catalog",
            paramLabel = "URI",
            converter = UriConverter.class,
            description =
                    "Where snapshots are recorded, e.g. file:///srv/catalog or jdbc:postgresql://host/db?user=u; default: $"
                            + CATALOG_VARIABLE
                            + ", else for a store file:///dir the embedded catalog file:///dir.catalog.")
    private Optional<URI> catalog = Optional.empty();

    Optional<URI> hypervisor(Console console) {
        return hypervisor.or(() -> fromEnvironment(console, HYPERVISOR_VARIABLE));
    }

    Optional<String> hostName(Console console) {
        return hostName.or(() -> console.variable(HOST_NAME_VARIABLE));
    }

    Optional<URI> store(Console console) {
        return store.or(() -> fromEnvironment(console, STORE_VARIABLE));
    }

    /** The regions given; without any there is one store. */
    List<RegionArgument> regions(Console console) {
        if (!regions.isEmpty() && store.isPresent()) {
            throw new UsageException("give either --store or --region, not both");
        }
        if (!regions.isEmpty() || store.isPresent()) {
            return regions;
        }
        try {
            return console.variable(REGIONS_VARIABLE)
                    .map(RegionArgument::parseAll)
                    .orElse(List.of());
        } catch (TypeConversionException e) {
            throw new UsageException(REGIONS_VARIABLE + ": " + e.getMessage());
        }
    }

    /** The catalog given, else the one beside a store in a directory. */
    Optional<URI> catalog(Console console) {
        return catalog.or(() -> fromEnvironment(console, CATALOG_VARIABLE))
                .or(() -> regions(console).stream()
                        .findFirst()
                        .map(RegionArgument::store)
                        .or(() -> store(console))
                        .flatMap(Places::catalogBeside));
    }

    URI requireHypervisor(Console console) {
        return hypervisor(console)
                .orElseThrow(() -> new UsageException("where are the instances? Give --hypervisor URI, e.g. "
                        + "qemu:///system, or set " + HYPERVISOR_VARIABLE));
    }

    URI requireStore(Console console) {
        return store(console)
                .orElseThrow(() -> new UsageException("where are the snapshots stored? Give --store URI, e.g. "
                        + "file:///srv/snapshots, or set " + STORE_VARIABLE));
    }

    URI requireCatalog(Console console) {
        return catalog(console)
                .orElseThrow(
                        () -> new UsageException("where are the snapshots recorded? Give --catalog URI, or --store "
                                + "file:///dir for the catalog beside it, or set " + CATALOG_VARIABLE + " or "
                                + STORE_VARIABLE));
    }

    /** A service over the catalog alone: lists and shows. */
    SnapshotService.Builder records(Console console) {
        return SnapshotService.builder()
                .catalog(requireCatalog(console))
                .settings(settings().build());
    }

    /**
     * Of processes that end with their command: what has expired is removed by {@code sweep}, not by whatever runs just then. One snapshot
     * has all of the memory, so that its parts can be larger, of which each costs a call.
     */
    static ServiceSettings.Builder settings() {
        return ServiceSettings.builder()
                .expiry(ServiceSettings.Expiry.SWEEP)
                .transfersAtOnce(1)
                .partSize(PART_SIZE);
    }

    /** A service over catalog and store, or regions: reads and deletes what is stored. */
    SnapshotService.Builder storage(Console console) {
        SnapshotService.Builder service = records(console);
        List<RegionArgument> several = regions(console);
        several.forEach(region -> region.addTo(service));
        return several.isEmpty() ? service.store(requireStore(console)) : service;
    }

    /** A service over all three. */
    SnapshotService.Builder everything(Console console) {
        return onHost(storage(console), requireHypervisor(console), console);
    }

    /** Adds a hypervisor, by its host's name if it has one. */
    SnapshotService.Builder onHost(SnapshotService.Builder service, URI uri, Console console) {
        try {
            return hostName(console)
                    .map(name -> service.hypervisor(name, uri))
                    .orElseGet(() -> service.hypervisor(uri));
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    /** A service for work on that snapshot's store, and on its instance's host where that is owed something or has it on volumes. */
    SnapshotService storageOf(SnapshotId id, Console console) {
        return storageOf(id, settings().build(), console);
    }

    /** The same, working as those settings say. */
    SnapshotService storageOf(SnapshotId id, ServiceSettings settings, Console console) {
        SnapshotService.Builder service = storage(console).settings(settings);
        hypervisor(console).or(() -> owedTo(id, console)).ifPresent(uri -> onHost(service, uri, console));
        return service.build();
    }

    /** The hypervisor given, else the one that the snapshot was taken on. */
    URI hypervisorFor(SnapshotId id, Console console) {
        return hypervisor(console).orElseGet(() -> hypervisorOf(record(id, console)));
    }

    private Optional<URI> owedTo(SnapshotId id, Console console) {
        Snapshot snapshot = record(id, console);
        boolean needed =
                !SnapshotService.settled().test(snapshot) || snapshot.volumes().isPresent();
        return needed ? Optional.of(hypervisorOf(snapshot)) : Optional.empty();
    }

    /** A host with a name of its own is reached by who knows its URI only. */
    private static URI hypervisorOf(Snapshot snapshot) {
        try {
            return UriConverter.parse(snapshot.instance().hypervisor());
        } catch (TypeConversionException e) {
            throw new UsageException("snapshot " + snapshot.id() + " is of host "
                    + snapshot.instance().hypervisor() + ": give its --hypervisor URI, and that name with --host-name");
        }
    }

    private Snapshot record(SnapshotId id, Console console) {
        try (SnapshotService records = records(console).build()) {
            return records.get(id);
        }
    }

    /** {@code file:///dir} to {@code file:///dir.catalog}: beside the store, so that no catalog file is ever taken for an object. */
    static Optional<URI> catalogBeside(URI store) {
        if (!"file".equalsIgnoreCase(store.getScheme()) || store.getPath() == null) {
            return Optional.empty();
        }
        String directory = store.getPath().replaceAll("/+$", "");
        return directory.isEmpty() ? Optional.empty() : Optional.of(UriConverter.ofDirectory(directory + ".catalog"));
    }

    private static Optional<URI> fromEnvironment(Console console, String variable) {
        return console.variable(variable).map(text -> {
            try {
                return UriConverter.parse(text);
            } catch (TypeConversionException e) {
                throw new UsageException(variable + ": " + e.getMessage());
            }
        });
    }
}
