package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.InstanceId;
import java.nio.file.Path;
import java.util.Optional;
import org.libvirt.Domain;
import org.w3c.dom.Element;

/**
 * Changes which file a disk of a persistent definition begins with, and nothing else of it. libvirt keeps that in step by itself when it
 * takes a snapshot or pivots; this is for the cases where it does not, and to take out what it adds.
 */
final class PersistentChain {
    private final LibvirtSession session;
    private final InstanceId instance;

    PersistentChain(LibvirtSession session, InstanceId instance) {
        this.session = session;
        this.instance = instance;
    }

    /** Has the disk begin with the base as before, if it begins with the overlay or has the base in other words. */
    void restore(OverlayPlan.Disk disk) {
        change(disk, element -> {
            if (!beginsWith(element, disk.overlay().toString()) && !isRestated(element, disk)) {
                return excise(element, disk);
            }
            if (disk.original().isPresent()) {
                Element original =
                        Xml.parse("a planned disk", disk.original().get()).getDocumentElement();
                put(
                        element,
                        original,
                        Xml.attributeAt(original, "type", "driver").orElse(disk.baseFormat()));
            } else {
                begin(element, disk.base(), disk.baseFormat());
            }
            return true;
        });
    }

    /** Has the disk begin with the overlay, if it begins with the base. */
    void protect(OverlayPlan.Disk disk) {
        change(disk, element -> {
            if (!beginsWith(element, disk.base().toString())) {
                return false;
            }
            begin(element, disk.overlay(), "qcow2");
            return true;
        });
    }

    private interface DiskChange {
        /** Changes the element and says whether it did. */
        boolean apply(Element disk);
    }

    private void change(OverlayPlan.Disk disk, DiskChange change) {
        String action = "set the chain of " + disk.device() + " of " + instance;
        Optional<String> changed = session.onDomain(instance, action, Effect.NONE, domain -> {
            if (!domain.isPersistent()) {
                return Optional.<String>empty();
            }
            // With its secrets, or defining it anew would drop them; it goes nowhere but back.
            DomainDefinition definition =
                    DomainDefinition.parse(domain.xml(Domain.XMLFlags.INACTIVE | Domain.XMLFlags.SECURE));
            Optional<DomainDisk> found = definition.disk(disk.device());
            return found.isPresent() && change.apply(found.get().element())
                    ? Optional.of(definition.toXml())
                    : Optional.<String>empty();
        });
        changed.ifPresent(xml -> session.define(xml, action));
    }

    /** Whether it begins with the base, but its chain is spelled out otherwise than it was. */
    private static boolean isRestated(Element element, OverlayPlan.Disk disk) {
        return beginsWith(element, disk.base().toString())
                && disk.original().isPresent()
                && Xml.child(element, "backingStore").isPresent()
                && Xml.child(Xml.parse("a planned disk", disk.original().get()).getDocumentElement(), "backingStore")
                        .isEmpty();
    }

    /** Takes the overlay out of a chain that is spelled out below another layer. */
    private static boolean excise(Element disk, OverlayPlan.Disk planned) {
        Optional<Element> layer = Xml.child(disk, "backingStore");
        while (layer.isPresent()) {
            Element here = layer.get();
            Optional<Element> below = Xml.child(here, "backingStore");
            if (beginsWith(here, planned.overlay().toString()) && below.isPresent()) {
                here.getParentNode().replaceChild(below.get(), here);
                return true;
            }
            layer = below;
        }
        return false;
    }

    private static boolean beginsWith(Element layer, String file) {
        return Xml.attributeAt(layer, "file", "source")
                .or(() -> Xml.attributeAt(layer, "dev", "source"))
                .filter(file::equals)
                .isPresent();
    }

    private static void begin(Element disk, Path layer, String format) {
        Element source = Xml.child(disk, "source").orElseGet(() -> Xml.add(disk, "source"));
        boolean isDevice = layer.startsWith("/dev");
        source.removeAttribute(isDevice ? "file" : "dev");
        source.setAttribute(isDevice ? "dev" : "file", layer.toString());
        disk.setAttribute("type", isDevice ? "block" : "file");
        Xml.child(disk, "driver").orElseGet(() -> Xml.add(disk, "driver")).setAttribute("type", format);
        Xml.removeChildren(disk, "backingStore");
    }

    private static void put(Element disk, Element original, String format) {
        disk.setAttribute("type", Xml.attribute(original, "type").orElse("file"));
        Xml.child(disk, "driver").orElseGet(() -> Xml.add(disk, "driver")).setAttribute("type", format);
        Xml.removeChildren(disk, "source", "backingStore");
        for (String part : new String[] {"source", "backingStore"}) {
            Xml.child(original, part)
                    .ifPresent(child -> disk.appendChild(disk.getOwnerDocument().importNode(child, true)));
        }
    }
}
