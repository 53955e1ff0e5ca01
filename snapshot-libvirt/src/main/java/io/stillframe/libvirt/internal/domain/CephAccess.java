package io.stillframe.libvirt.internal.domain;

import java.util.List;
import java.util.Optional;
import org.w3c.dom.Element;

/**
 * How a cluster is reached, as far as a disk's definition says it. Holds no secret, only which of libvirt's secrets is to be used.
 *
 * @param monitors addresses of monitors, {@code host} or {@code host:port}; those of the configuration file if empty
 * @param user the cephx user without {@code client.}; the configured one if empty
 * @param secret the secret with the user's key; the user's keyring if empty
 */
public record CephAccess(List<String> monitors, Optional<String> user, Optional<SecretName> secret) {
    /** One of libvirt's secrets, by the name of the attribute that names it: {@code uuid} or {@code usage}. */
    public record SecretName(String attribute, String value) {}

    public CephAccess {
        monitors = List.copyOf(monitors);
    }

    /** As configured on this host. */
    public static CephAccess ofConfiguration() {
        return new CephAccess(List.of(), Optional.empty(), Optional.empty());
    }

    /** Reads the {@code host} and {@code auth} children of a disk, or of its source. */
    public static CephAccess of(Element disk, Element source) {
        List<String> monitors = Xml.children(source, "host").stream()
                .flatMap(host -> Xml.attribute(host, "name").map(name -> address(name, host)).stream())
                .toList();
        Optional<Element> auth = Xml.child(source, "auth").or(() -> Xml.child(disk, "auth"));
        return new CephAccess(
                monitors,
                auth.flatMap(element -> Xml.attribute(element, "username")),
                auth.flatMap(element -> Xml.child(element, "secret")).flatMap(CephAccess::secret));
    }

    /** Writes them as children of a disk's source, as libvirt reads them. */
    public void describe(Element source) {
        for (String monitor : monitors) {
            int colon = portColon(monitor);
            Element host = Xml.add(source, "host");
            host.setAttribute("name", unbracketed(colon < 0 ? monitor : monitor.substring(0, colon)));
            if (colon >= 0) {
                host.setAttribute("port", monitor.substring(colon + 1));
            }
        }
        user.ifPresent(name -> {
            Element auth = Xml.add(source, "auth");
            auth.setAttribute("username", name);
            secret.ifPresent(named -> {
                Element element = Xml.add(auth, "secret");
                element.setAttribute("type", "ceph");
                element.setAttribute(named.attribute, named.value);
            });
        });
    }

    private static Optional<SecretName> secret(Element secret) {
        return Xml.attribute(secret, "uuid")
                .map(uuid -> new SecretName("uuid", uuid))
                .or(() -> Xml.attribute(secret, "usage").map(usage -> new SecretName("usage", usage)));
    }

    private static String address(String name, Element host) {
        String bracketed = name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
        return bracketed + Xml.attribute(host, "port").map(port -> ":" + port).orElse("");
    }

    private static int portColon(String monitor) {
        int colon = monitor.lastIndexOf(':');
        return colon > monitor.lastIndexOf(']') ? colon : -1;
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }
}
