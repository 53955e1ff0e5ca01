package io.stillframe.examples.cli;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code store probe}. */
@Command(
        name = "probe",
        description =
                "Asks an object store's endpoint what it really does, with small objects of its own that are removed again.",
        footerHeading = "%n",
        footer = "Give what was found to the store's URI: s3://bucket?features=…")
final class StoreProbe implements Callable<Integer> {
    private final Console console;

    @Parameters(
            paramLabel = "URI",
            converter = UriConverter.class,
            description = "The store, e.g. s3://bucket?endpoint=http://host:7480.")
    private URI uri = URI.create("file:///");

    StoreProbe(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (ObjectStore store = Plugins.store(uri)) {
            StoreCapabilities configured = store.capabilities();
            StoreCapabilities found = store.probe();
            console.out().println("store: " + store.uri());
            row("", "configured", "found");
            for (StoreCapability feature : StoreCapability.values()) {
                row(lower(feature), says(configured.has(feature)), says(found.has(feature)));
            }
            limits(configured, found);
            if (!found.features().equals(configured.features())) {
                console.out().println("features=" + names(found.features()));
            }
        }
        return Stillframe.DONE;
    }

    private void limits(StoreCapabilities configured, StoreCapabilities found) {
        row("smallest part", ByteSize.format(configured.smallestPart()), ByteSize.format(found.smallestPart()));
        row("largest part", ByteSize.format(configured.largestPart()), ByteSize.format(found.largestPart()));
        row("most parts", count(configured.mostParts()), count(found.mostParts()));
        row("largest object", ByteSize.format(configured.largestObject()), ByteSize.format(found.largestObject()));
    }

    private static String count(int number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private void row(String what, String configured, String found) {
        console.out()
                .println(String.format(Locale.ROOT, "%-30s %-12s %s", what, configured, found)
                        .stripTrailing());
    }

    private static String says(boolean has) {
        return has ? "yes" : "no";
    }

    private static String names(Set<StoreCapability> features) {
        return features.stream().sorted().map(StoreProbe::lower).collect(Collectors.joining(","));
    }

    private static String lower(StoreCapability feature) {
        return feature.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
