package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.SnapshotException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.w3c.dom.Element;

/**
 * Makes the definition of a new domain out of an original's. What belongs to the original alone is replaced (identity, disks, console
 * files), left to libvirt to choose anew (MAC addresses, ports, generation id, security labels, firmware variables) or dropped
 * (other media, metadata, sockets). What would tie both to one host resource cannot be copied and is refused. Displays listen on the
 * loopback address only, as a stored definition has no passwords.
 */
final class LaunchDefinition {
    /** Marks a definition whose launch is not complete, see {@link #pendingMark()}. */
    static final String MARK_NAMESPACE = "https://stillframe.io/xmlns/launch/1";

    static final String MARK_PREFIX = "stillframe";

    private static final Set<String> PASSED_THROUGH =
            Set.of("hostdev", "filesystem", "shmem", "lease", "redirfilter", "nvram", "crypto");
    private static final Set<String> TERMINALS = Set.of("serial", "parallel", "console", "channel");
    private static final Set<String> SHARED_INTERFACES =
            Set.of("hostdev", "vhostuser", "vdpa", "mcast", "server", "client", "udp");
    private static final Set<String> SAFE_CHANNELS = Set.of("pty", "spicevmc", "spiceport", "qemu-vdagent", "dbus");

    private final DomainDefinition definition;
    private final String name;
    private final String nonce;
    private final List<Path> logs = new ArrayList<>();

    private LaunchDefinition(DomainDefinition definition, String name, String nonce) {
        this.definition = definition;
        this.name = name;
        this.nonce = nonce;
    }

    /** The finished definition and the console files that it names. */
    record Result(String xml, List<Path> logs) {}

    /**
     * Transforms a definition.
     *
     * @param disks the new disks by device, all of them on the original; the others are left out
     * @param directory where console output goes; where the original's goes if empty
     * @throws SnapshotException UNSUPPORTED if it holds something that cannot be copied
     */
    static Result transform(
            DomainDefinition definition,
            String name,
            String uuid,
            String nonce,
            Map<String, PlannedLaunch.Disk> disks,
            Optional<Path> directory,
            boolean pending) {
        LaunchDefinition work = new LaunchDefinition(definition, name, nonce);
        work.identity(uuid, pending);
        work.firmware();
        work.disks(disks);
        work.devices(directory);
        return new Result(definition.toXml(), List.copyOf(work.logs));
    }

    /** Whether a domain was defined by a launch that is not complete. */
    static boolean isPending(String xml) {
        return Xml.at(DomainDefinition.parse(xml).root(), "metadata", MARK_PREFIX + ":pending")
                .isPresent();
    }

    // ---- the domain as a whole ----

    private void identity(String uuid, boolean pending) {
        Element root = definition.root();
        if (Xml.children(root).stream().anyMatch(child -> child.getTagName().endsWith(":commandline"))) {
            throw refused("a command line of its own for QEMU");
        }
        root.removeAttribute("id");
        Xml.removeChildren(root, "title", "metadata", "seclabel");
        set(root, "name", name);
        set(root, "uuid", uuid);
        Xml.child(root, "genid").ifPresent(LaunchDefinition::empty);
        Xml.at(root, "sysinfo", "system").ifPresent(LaunchDefinition::anonymous);
        if (pending) {
            root.appendChild(pendingMark());
        }
    }

    private Element pendingMark() {
        Element metadata = definition.root().getOwnerDocument().createElement("metadata");
        Element mark = definition.root().getOwnerDocument().createElementNS(MARK_NAMESPACE, MARK_PREFIX + ":pending");
        mark.setAttribute("xmlns:" + MARK_PREFIX, MARK_NAMESPACE);
        metadata.appendChild(mark);
        return metadata;
    }

    private static void anonymous(Element system) {
        for (Element entry : Xml.children(system, "entry")) {
            if (Set.of("uuid", "serial").contains(entry.getAttribute("name"))) {
                system.removeChild(entry);
            }
        }
    }

    /** Firmware variables are a file of the original's; libvirt makes a new one from the template. */
    private void firmware() {
        Xml.at(definition.root(), "os", "nvram").ifPresent(nvram -> {
            empty(nvram);
            nvram.removeAttribute("type");
        });
    }

    // ---- disks ----

    private void disks(Map<String, PlannedLaunch.Disk> disks) {
        for (DomainDisk disk : definition.allDisks()) {
            PlannedLaunch.Disk planned = disks.get(disk.device());
            if (planned == null || !disk.isWritableDisk()) {
                definition.devices().removeChild(disk.element());
            } else {
                place(disk.element(), planned);
            }
        }
    }

    private static void place(Element disk, PlannedLaunch.Disk planned) {
        disk.setAttribute("device", "disk");
        disk.removeAttribute("rawio");
        disk.removeAttribute("sgio");
        Xml.removeChildren(disk, "source", "backingStore", "mirror", "auth", "encryption", "shareable", "transient");
        Element driver = Xml.child(disk, "driver").orElseGet(() -> Xml.add(disk, "driver"));
        if (!driver.hasAttribute("name")) {
            driver.setAttribute("name", "qemu");
        }
        driver.setAttribute("type", planned.format());
        Xml.removeChildren(driver, "metadata_cache");
        if (planned.place() instanceof DiskPlace.OnVolume place) {
            place.volume().describe(disk);
        } else {
            disk.setAttribute("type", "file");
            Xml.add(disk, "source").setAttribute("file", planned.place().location());
        }
    }

    // ---- other devices ----

    private void devices(Optional<Path> directory) {
        for (Element device : Xml.children(definition.devices())) {
            String kind = device.getTagName();
            if (PASSED_THROUGH.contains(kind)) {
                throw refused("a <" + kind + ">");
            }
            switch (kind) {
                case "interface" -> network(device);
                case "graphics" -> display(device);
                case "vsock" -> guestSocket(device);
                case "tpm" -> tpm(device);
                case "memory" -> memory(device);
                case "input" -> input(device);
                case "smartcard", "redirdev" -> remote(device);
                default -> {
                    if (TERMINALS.contains(kind)) {
                        terminal(device, directory);
                    }
                }
            }
        }
    }

    private void network(Element device) {
        if (SHARED_INTERFACES.contains(device.getAttribute("type"))) {
            throw refused("an interface of type '" + device.getAttribute("type") + "'");
        }
        Xml.removeChildren(device, "mac", "target", "portForward");
        Xml.child(device, "source").ifPresent(source -> source.removeAttribute("portid"));
        Xml.at(device, "virtualport", "parameters").ifPresent(parameters -> parameters.removeAttribute("interfaceid"));
        Xml.child(device, "filterref").ifPresent(LaunchDefinition::empty);
    }

    private static void display(Element device) {
        List.of("port", "tlsPort", "websocket", "socket", "passwd", "passwdValidTo", "listen")
                .forEach(device::removeAttribute);
        boolean networked = Set.of("vnc", "spice", "rdp").contains(device.getAttribute("type"));
        boolean silent =
                Xml.attributeAt(device, "type", "listen").filter("none"::equals).isPresent();
        if (networked && !silent) {
            Xml.removeChildren(device, "listen");
            device.setAttribute("autoport", "yes");
            Element listen = Xml.add(device, "listen");
            listen.setAttribute("type", "address");
            listen.setAttribute("address", "127.0.0.1");
        }
    }

    private static void guestSocket(Element device) {
        Xml.child(device, "cid").ifPresent(cid -> {
            cid.setAttribute("auto", "yes");
            cid.removeAttribute("address");
        });
    }

    private void tpm(Element device) {
        String backend = Xml.attributeAt(device, "type", "backend").orElse("");
        if (!backend.equals("emulator")) {
            throw refused("a TPM of type '" + backend + "'");
        }
    }

    private void memory(Element device) {
        if (Xml.at(device, "source", "path").isPresent()) {
            throw refused("a memory module that lies in a file");
        }
    }

    private void input(Element device) {
        if (Set.of("passthrough", "evdev").contains(device.getAttribute("type"))) {
            throw refused("an input device of the host");
        }
    }

    private void remote(Element device) {
        boolean spice = device.getAttribute("type").equals("spicevmc");
        if (!spice && device.getTagName().equals("smartcard")) {
            throw refused("a smart card of the host");
        }
        if (!spice) {
            definition.devices().removeChild(device);
        }
    }

    private void terminal(Element device, Optional<Path> directory) {
        Xml.removeChildren(device, "log");
        String kind = device.getTagName();
        String type = device.getAttribute("type");
        if (kind.equals("console")
                && !Xml.attributeAt(device, "type", "target")
                        .filter("virtio"::equals)
                        .isPresent()) {
            // libvirt adds the console that stands for the first serial port by itself.
            definition.devices().removeChild(device);
        } else if (type.equals("file")) {
            console(device, directory);
        } else if (kind.equals("channel")) {
            channel(device, type);
        } else if (!type.equals("null")) {
            device.setAttribute("type", "pty");
            Xml.removeChildren(device, "source", "protocol");
            device.removeAttribute("tty");
        }
    }

    private void console(Element device, Optional<Path> wanted) {
        Path directory = wanted.or(() -> Xml.attributeAt(device, "path", "source")
                        .map(path -> Path.of(path).getParent()))
                .orElse(Path.of("/var/log/libvirt/qemu"));
        String port = Xml.attributeAt(device, "port", "target").orElse("0");
        Path log = directory.resolve(name + "-" + device.getTagName() + port + "." + nonce + ".log");
        Xml.removeChildren(device, "source");
        Element source = Xml.add(device, "source");
        source.setAttribute("path", log.toString());
        source.setAttribute("append", "on");
        logs.add(log);
    }

    private void channel(Element device, String type) {
        if (type.equals("unix")) {
            // Without a path libvirt gives each domain a socket of its own.
            Xml.removeChildren(device, "source");
        } else if (!SAFE_CHANNELS.contains(type)) {
            definition.devices().removeChild(device);
        }
    }

    // ---- elements ----

    private SnapshotException refused(String what) {
        return SnapshotException.unsupported(
                "the definition has " + what
                        + ", which a second instance cannot share; remove it from a copy of the definition and define that by hand");
    }

    private static void set(Element parent, String child, String text) {
        Optional<Element> existing = Xml.child(parent, child);
        existing.orElseGet(() -> Xml.add(parent, child)).setTextContent(text);
    }

    private static void empty(Element element) {
        while (element.getFirstChild() != null) {
            element.removeChild(element.getFirstChild());
        }
    }
}
