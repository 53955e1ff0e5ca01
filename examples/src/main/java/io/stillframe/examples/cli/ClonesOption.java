package io.stillframe.examples.cli;

import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ServiceSettings.Dependents;
import picocli.CommandLine.Option;

/** What a removal does about volumes that were cloned from what it removes. */
final class ClonesOption {
    @Option(
            names = "--flatten",
            description = "Volumes cloned from a snapshot that is kept on volumes get what they need of it copied."
                    + " Default: it stays as long as there are any.")
    private boolean flatten;

    ServiceSettings settings() {
        return Places.settings()
                .dependents(flatten ? Dependents.FLATTEN : Dependents.REFUSE)
                .build();
    }
}
