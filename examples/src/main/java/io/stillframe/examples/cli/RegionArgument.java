package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A region as it is given on the command line: {@code NAME=URI} or {@code NAME@JURISDICTION=URI}.
 *
 * @param name what it is called
 * @param jurisdiction whose law it is under
 * @param store where it stores
 */
record RegionArgument(String name, Optional<String> jurisdiction, URI store) {
    /** What the option and the environment variable take. */
    static final class Converter implements ITypeConverter<RegionArgument> {
        @Override
        public RegionArgument convert(String text) {
            return parse(text);
        }
    }

    static RegionArgument parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 1) {
            throw new TypeConversionException(
                    "a region is NAME=URI, e.g. " + "eu-1=file:///srv/snapshots, or NAME@JURISDICTION=URI");
        }
        String[] parts = text.substring(0, equals).split("@", 2);
        try {
            Optional<String> jurisdiction =
                    parts.length == 2 ? Optional.of(Names.token("a jurisdiction's name", parts[1])) : Optional.empty();
            return new RegionArgument(
                    Names.token("a region's name", parts[0]),
                    jurisdiction,
                    UriConverter.parse(text.substring(equals + 1)));
        } catch (SnapshotException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** Several, with space between them. */
    static List<RegionArgument> parseAll(String text) {
        return Stream.of(text.trim().split("\\s+"))
                .filter(one -> !one.isEmpty())
                .map(RegionArgument::parse)
                .toList();
    }

    void addTo(SnapshotService.Builder service) {
        if (jurisdiction.isPresent()) {
            service.region(name, store, jurisdiction.get());
        } else {
            service.region(name, store);
        }
    }

    @Override
    public String toString() {
        return name + jurisdiction.map(where -> "@" + where).orElse("") + "=" + store;
    }
}
