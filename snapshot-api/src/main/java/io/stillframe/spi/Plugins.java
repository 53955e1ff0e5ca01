package io.stillframe.spi;

import io.stillframe.model.SnapshotException;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * Finds plugins through {@link ServiceLoader}: codecs by name, the others by the scheme of a URI. A miss lists what exists. Stateless.
 */
public final class Plugins {
    private Plugins() {}

    /**
     * The codec of that name.
     *
     * @throws SnapshotException NOT_FOUND if there is none, naming those that exist
     */
    public static ImageCodec codec(String name) {
        List<ImageCodec> all = codecs();
        return all.stream()
                .filter(codec -> codec.name().equals(name))
                .findFirst()
                .orElseThrow(() -> missing("codec", name, all, codec -> List.of(codec.name())));
    }

    /** All codecs that are installed. */
    public static List<ImageCodec> codecs() {
        return installed(ServiceLoader.load(ImageCodec.class));
    }

    /** Opens the hypervisor at {@code uri}; closed by the caller. NOT_FOUND if no plugin opens such URIs. */
    public static Hypervisor hypervisor(URI uri) {
        return byScheme("hypervisor", uri, ServiceLoader.load(HypervisorProvider.class), HypervisorProvider::schemes)
                .open(uri);
    }

    /** Opens the store at {@code uri}; closed by the caller. NOT_FOUND if no plugin opens such URIs. */
    public static ObjectStore store(URI uri) {
        return byScheme("store", uri, ServiceLoader.load(ObjectStoreProvider.class), ObjectStoreProvider::schemes)
                .open(uri);
    }

    /** Opens the catalog at {@code uri}; closed by the caller. NOT_FOUND if no plugin opens such URIs. */
    public static SnapshotCatalog catalog(URI uri) {
        return byScheme("catalog", uri, ServiceLoader.load(CatalogProvider.class), CatalogProvider::schemes)
                .open(uri);
    }

    private static <T> T byScheme(
            String what, URI uri, ServiceLoader<T> loader, Function<T, Collection<String>> schemes) {
        if (uri.getScheme() == null) {
            throw SnapshotException.invalid("a " + what + " is opened by a URI with a scheme, such as file:///path");
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        List<T> all = installed(loader);
        return all.stream()
                .filter(plugin -> schemes.apply(plugin).contains(scheme))
                .findFirst()
                .orElseThrow(() -> missing(what, scheme, all, schemes));
    }

    private static <T> List<T> installed(ServiceLoader<T> loader) {
        return StreamSupport.stream(loader.spliterator(), false).toList();
    }

    private static <T> SnapshotException missing(
            String what, String wanted, List<T> all, Function<T, Collection<String>> names) {
        TreeSet<String> exist = new TreeSet<>();
        all.forEach(plugin -> exist.addAll(names.apply(plugin)));
        return SnapshotException.notFound("no " + what + " plugin for '" + wanted + "'; installed are " + exist
                + ", add the plugin's jar to the class or module path");
    }
}
