package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorProvider;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens {@code images:///directory}. */
public final class ImageDirectoryProvider implements HypervisorProvider {
    @Override
    public String name() {
        return ImageDirectoryHypervisor.SCHEME;
    }

    @Override
    public Set<String> schemes() {
        return Set.of(ImageDirectoryHypervisor.SCHEME);
    }

    @Override
    public Hypervisor open(URI uri) {
        return ImageDirectoryHypervisor.open(path(uri));
    }

    private static Path path(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!scheme.equals(ImageDirectoryHypervisor.SCHEME)) {
            throw invalid(uri, null);
        }
        try {
            return Path.of(URI.create("file" + uri.toString().substring(scheme.length())));
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw invalid(uri, e);
        }
    }

    private static SnapshotException invalid(URI uri, @Nullable Exception cause) {
        return new SnapshotException(
                SnapshotException.Kind.INVALID,
                "an image directory is opened by images:///absolute/path, got '" + uri + "'",
                cause);
    }
}
