package io.stillframe.libvirt.internal;

import io.stillframe.libvirt.CephOptions;
import io.stillframe.libvirt.LibvirtOptions;
import io.stillframe.model.SnapshotException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * A hypervisor's URI: libvirt's own (see "Connection URIs" in its documentation) with the product's parameters beside libvirt's.
 *
 * @param text as it was given
 * @param forLibvirt without the product's parameters
 * @param options the product's parameters
 */
public record LibvirtUri(String text, String forLibvirt, Map<String, String> options) {
    /** The schemes that are taken; those for other hosts only to be refused with the reason. */
    public static final Set<String> SCHEMES =
            Set.of("qemu", "qemu+unix", "qemu+ssh", "qemu+tcp", "qemu+tls", "qemu+libssh", "qemu+libssh2", "qemu+ext");

    private static final Set<String> LOCAL = Set.of("qemu", "qemu+unix");
    /** The product's parameters, each with what it does to the options. */
    private static final Map<String, BiFunction<LibvirtOptions, String, LibvirtOptions>> OPTIONS = Map.ofEntries(
            Map.entry("disk-directory", (base, value) -> base.withDiskDirectory(Path.of(value))),
            Map.entry("overlay-directory", (base, value) -> base.withOverlayDirectory(Path.of(value))),
            Map.entry("merge-bandwidth", (base, value) -> base.withMergeBandwidth(number("merge-bandwidth", value))),
            Map.entry(
                    "merge-stall",
                    (base, value) -> base.withMergeStall(Duration.ofSeconds(number("merge-stall", value)))),
            ceph("ceph-conf", (base, value) -> base.withConfiguration(Path.of(value))),
            ceph("ceph-monitors", (base, value) -> base.withMonitors(List.of(value.split(",")))),
            ceph("ceph-user", CephOptions::withUser),
            ceph("ceph-secret", CephOptions::withSecret),
            ceph("ceph-pool", CephOptions::withPool),
            ceph(
                    "ceph-deadline",
                    (base, value) -> base.withDeadline(Duration.ofSeconds(number("ceph-deadline", value)))));

    public LibvirtUri {
        options = Map.copyOf(options);
    }

    /**
     * Reads a URI.
     *
     * @throws SnapshotException INVALID if it is malformed, UNSUPPORTED if it names another host
     */
    public static LibvirtUri parse(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!SCHEMES.contains(scheme)) {
            throw SnapshotException.invalid("a libvirt URI starts with one of " + LOCAL + ", got '" + scheme + "'");
        }
        if (!LOCAL.contains(scheme) || uri.getHost() != null) {
            throw SnapshotException.unsupported("'" + scheme + "' with host " + uri.getHost()
                    + " is another host's hypervisor, whose disk files cannot be read from here;"
                    + " run Stillframe on that host with qemu:///system");
        }
        if (uri.getRawAuthority() != null
                || uri.getPath() == null
                || uri.getPath().length() < 2) {
            throw SnapshotException.invalid(
                    "a libvirt URI looks like qemu:///system, got '" + scheme + ":' and a path of "
                            + (uri.getPath() == null ? 0 : uri.getPath().length()) + " characters");
        }
        return split(uri, scheme);
    }

    /** The given options, with those of the URI in their place. */
    public LibvirtOptions apply(LibvirtOptions base) {
        LibvirtOptions result = base;
        // From the last name to the first: the user must be known when its secret is.
        for (Map.Entry<String, String> option :
                new TreeMap<>(options).descendingMap().entrySet()) {
            BiFunction<LibvirtOptions, String, LibvirtOptions> change = OPTIONS.get(option.getKey());
            result = change == null ? result : change.apply(result, option.getValue());
        }
        return result;
    }

    private static Map.Entry<String, BiFunction<LibvirtOptions, String, LibvirtOptions>> ceph(
            String name, BiFunction<CephOptions, String, CephOptions> change) {
        return Map.entry(name, (base, value) -> base.withCeph(change.apply(base.ceph(), value)));
    }

    private static LibvirtUri split(URI uri, String scheme) {
        Map<String, String> own = new LinkedHashMap<>();
        List<String> theirs = new ArrayList<>();
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        for (String parameter : query.split("&", -1)) {
            int equals = parameter.indexOf('=');
            String name = equals < 0 ? parameter : parameter.substring(0, equals);
            if (OPTIONS.containsKey(name) && equals > 0) {
                own.put(name, URLDecoder.decode(parameter.substring(equals + 1), StandardCharsets.UTF_8));
            } else if (!parameter.isEmpty()) {
                theirs.add(parameter);
            }
        }
        String rest = theirs.isEmpty() ? "" : "?" + String.join("&", theirs);
        return new LibvirtUri(uri.toString(), scheme + "://" + uri.getRawPath() + rest, own);
    }

    private static long number(String name, String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "the parameter " + name + " takes a whole number", e);
        }
    }
}
