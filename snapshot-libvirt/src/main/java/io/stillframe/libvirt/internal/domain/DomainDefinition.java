package io.stillframe.libvirt.internal.domain;

import io.stillframe.model.SnapshotException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** A domain's XML, see libvirt's "Domain XML format". For one thread. */
public final class DomainDefinition {
    private static final String AGENT_CHANNEL = "org.qemu.guest_agent.0";

    private final Document document;

    private DomainDefinition(Document document) {
        this.document = document;
    }

    /**
     * Reads a domain's XML.
     *
     * @throws SnapshotException INVALID if it is none
     */
    public static DomainDefinition parse(String xml) {
        Document document = Xml.parse("the definition of an instance", xml);
        if (!document.getDocumentElement().getTagName().equals("domain")) {
            throw SnapshotException.invalid("the definition of an instance must be a <domain>, got <"
                    + document.getDocumentElement().getTagName() + ">");
        }
        return new DomainDefinition(document);
    }

    public Element root() {
        return document.getDocumentElement();
    }

    public String name() {
        return Xml.text(root(), "name").orElse("");
    }

    /** The element that holds the devices. */
    public Element devices() {
        return Xml.child(root(), "devices").orElseGet(() -> Xml.add(root(), "devices"));
    }

    /** All disks, media that cannot be written included, in order. */
    public List<DomainDisk> allDisks() {
        return Xml.children(devices(), "disk").stream().map(DomainDisk::new).toList();
    }

    /** The disks that guests can write, in order. */
    public List<DomainDisk> disks() {
        return allDisks().stream().filter(DomainDisk::isWritableDisk).toList();
    }

    /** The writable disk of that device name. */
    public Optional<DomainDisk> disk(String device) {
        return disks().stream().filter(disk -> disk.device().equals(device)).findFirst();
    }

    /** The device name of the disk that it boots from: the first in the boot order, else the first of all. */
    public Optional<String> rootDevice() {
        return disks().stream()
                .min(Comparator.comparingInt(disk -> disk.bootOrder().orElse(Integer.MAX_VALUE)))
                .map(DomainDisk::device);
    }

    /** What is known of the guest's agent: empty if it has no channel, else the channel's state, e.g. {@code connected}. */
    public Optional<String> agentState() {
        return Xml.children(devices(), "channel").stream()
                .flatMap(channel -> Xml.child(channel, "target").stream())
                .filter(target -> Xml.attribute(target, "name")
                        .filter(AGENT_CHANNEL::equals)
                        .isPresent())
                .map(target -> Xml.attribute(target, "state").orElse("disconnected"))
                .findFirst();
    }

    /** Its XML as it is now. */
    public String toXml() {
        return Xml.print(document);
    }
}
