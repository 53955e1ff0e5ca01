package io.stillframe.image.ova;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Writes an OVF 1.1 descriptor ("OVF Envelope"). For one use. */
final class OvfDescriptor {
    private static final String OVF = "http://schemas.dmtf.org/ovf/envelope/1";
    private static final String CIM = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";
    private static final String RASD = CIM + "CIM_ResourceAllocationSettingData";
    private static final String VSSD = CIM + "CIM_VirtualSystemSettingData";
    private static final String VMW = "http://www.vmware.com/schema/ovf";
    private static final String FORMAT = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

    // CIM_ResourceAllocationSettingData.ResourceType
    private static final int PROCESSOR = 3;
    private static final int MEMORY = 4;
    private static final int SCSI_CONTROLLER = 6;
    private static final int ETHERNET = 10;
    private static final int DISK = 17;

    /** A controller has 16 places; the seventh is its own. */
    private static final int PLACES = 15;

    private static final int OWN_PLACE = 7;

    private final OvaMachine machine;
    private final List<OvaDisk> disks;
    private final StringWriter text = new StringWriter();
    private final XMLStreamWriter xml;
    private int depth;
    private int instance;

    private OvfDescriptor(OvaMachine machine, List<OvaDisk> disks) throws XMLStreamException {
        this.machine = machine;
        this.disks = disks;
        this.xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(text);
    }

    /** The descriptor's bytes, UTF-8. */
    static byte[] of(OvaMachine machine, List<OvaDisk> disks) {
        try {
            return new OvfDescriptor(machine, disks).write();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("writing XML into memory cannot fail", e);
        }
    }

    private byte[] write() throws XMLStreamException {
        xml.writeStartDocument("UTF-8", "1.0");
        open("Envelope");
        xml.writeDefaultNamespace(OVF);
        xml.writeNamespace("ovf", OVF);
        xml.writeNamespace("rasd", RASD);
        xml.writeNamespace("vssd", VSSD);
        xml.writeNamespace("vmw", VMW);
        writeReferences();
        writeDisks();
        writeNetworks();
        writeSystem();
        close();
        xml.writeEndDocument();
        xml.flush();
        return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private void writeReferences() throws XMLStreamException {
        open("References");
        for (int i = 0; i < disks.size(); i++) {
            OvaDisk disk = disks.get(i);
            empty("File", "href", disk.file(), "id", file(i), "size", String.valueOf(disk.stored()));
        }
        close();
    }

    private void writeDisks() throws XMLStreamException {
        open("DiskSection");
        info("The virtual disks");
        for (int i = 0; i < disks.size(); i++) {
            OvaDisk disk = disks.get(i);
            empty(
                    "Disk",
                    "capacity",
                    String.valueOf(disk.capacity()),
                    "capacityAllocationUnits",
                    "byte",
                    "diskId",
                    disk(i),
                    "fileRef",
                    file(i),
                    "format",
                    FORMAT,
                    "populatedSize",
                    String.valueOf(disk.populated()));
        }
        close();
    }

    private static String file(int index) {
        return "file" + (index + 1);
    }

    private static String disk(int index) {
        return "vmdisk" + (index + 1);
    }

    private void writeNetworks() throws XMLStreamException {
        Set<String> names = new TreeSet<>(machine.networks());
        if (names.isEmpty()) {
            return;
        }
        open("NetworkSection");
        info("The logical networks");
        for (String name : names) {
            open("Network");
            attributes("name", name);
            leaf("Description", "The " + name + " network");
            close();
        }
        close();
    }

    private void writeSystem() throws XMLStreamException {
        open("VirtualSystem");
        attributes("id", machine.name());
        info("A virtual machine");
        leaf("Name", machine.name());
        writeOperatingSystem();
        open("VirtualHardwareSection");
        info("Virtual hardware requirements");
        writeVirtualSystemType();
        writeProcessorAndMemory();
        writeDiskItems();
        writeAdapters();
        if (machine.firmware() == OvaMachine.Firmware.UEFI) {
            open("vmw:Config");
            attributes("required", "false");
            xml.writeAttribute("vmw", VMW, "key", "firmware");
            xml.writeAttribute("vmw", VMW, "value", "efi");
            close();
        }
        close();
        close();
    }

    private void writeOperatingSystem() throws XMLStreamException {
        open("OperatingSystemSection");
        attributes("id", String.valueOf(machine.guestOs().cim()));
        xml.writeAttribute("vmw", VMW, "osType", machine.guestOs().vmware());
        info("The kind of installed guest operating system");
        leaf("Description", machine.guestOs().text());
        close();
    }

    private void writeVirtualSystemType() throws XMLStreamException {
        open("System");
        leaf("vssd:ElementName", "Virtual Hardware Family");
        leaf("vssd:InstanceID", "0");
        leaf("vssd:VirtualSystemIdentifier", machine.name());
        leaf("vssd:VirtualSystemType", "vmx-10");
        close();
    }

    // The elements of an item stand in alphabetical order, as their schema has them.

    private void writeProcessorAndMemory() throws XMLStreamException {
        open("Item");
        leaf("rasd:AllocationUnits", "hertz * 10^6");
        leaf("rasd:Description", "Number of virtual CPUs");
        leaf("rasd:ElementName", machine.vcpus() + " virtual CPUs");
        leaf("rasd:InstanceID", nextInstance());
        leaf("rasd:ResourceType", PROCESSOR);
        leaf("rasd:VirtualQuantity", machine.vcpus());
        close();
        open("Item");
        leaf("rasd:AllocationUnits", "byte * 2^20");
        leaf("rasd:Description", "Memory size");
        leaf("rasd:ElementName", machine.memoryMib() + " MiB of memory");
        leaf("rasd:InstanceID", nextInstance());
        leaf("rasd:ResourceType", MEMORY);
        leaf("rasd:VirtualQuantity", machine.memoryMib());
        close();
    }

    private void writeDiskItems() throws XMLStreamException {
        int controller = 0;
        for (int i = 0; i < disks.size(); i++) {
            int place = i % PLACES;
            if (place == 0) {
                controller = nextInstance();
                writeController(controller, i / PLACES);
            }
            open("Item");
            leaf("rasd:AddressOnParent", place < OWN_PLACE ? place : place + 1);
            leaf("rasd:ElementName", "Hard disk " + (i + 1));
            leaf("rasd:HostResource", "ovf:/disk/" + disk(i));
            leaf("rasd:InstanceID", nextInstance());
            leaf("rasd:Parent", controller);
            leaf("rasd:ResourceType", DISK);
            close();
        }
    }

    private void writeController(int id, int address) throws XMLStreamException {
        open("Item");
        leaf("rasd:Address", address);
        leaf("rasd:Description", "SCSI controller");
        leaf("rasd:ElementName", "SCSI controller " + address);
        leaf("rasd:InstanceID", id);
        leaf("rasd:ResourceSubType", machine.controller().subtype());
        leaf("rasd:ResourceType", SCSI_CONTROLLER);
        close();
    }

    private void writeAdapters() throws XMLStreamException {
        int number = 1;
        for (String network : machine.networks()) {
            open("Item");
            leaf("rasd:AutomaticAllocation", "true");
            leaf("rasd:Connection", network);
            leaf("rasd:Description", "Network adapter at " + network);
            leaf("rasd:ElementName", "Network adapter " + number++);
            leaf("rasd:InstanceID", nextInstance());
            leaf("rasd:ResourceSubType", "E1000");
            leaf("rasd:ResourceType", ETHERNET);
            close();
        }
    }

    private int nextInstance() {
        return ++instance;
    }

    // XML

    private void open(String name) throws XMLStreamException {
        newLine();
        start(name);
        depth++;
    }

    private void start(String name) throws XMLStreamException {
        int colon = name.indexOf(':');
        if (colon < 0) {
            xml.writeStartElement("", name, OVF);
        } else {
            String prefix = name.substring(0, colon);
            xml.writeStartElement(prefix, name.substring(colon + 1), namespace(prefix));
        }
    }

    private static String namespace(String prefix) {
        return switch (prefix) {
            case "rasd" -> RASD;
            case "vssd" -> VSSD;
            default -> VMW;
        };
    }

    private void close() throws XMLStreamException {
        depth--;
        newLine();
        xml.writeEndElement();
    }

    private void info(String about) throws XMLStreamException {
        leaf("Info", about);
    }

    private void leaf(String name, int value) throws XMLStreamException {
        leaf(name, String.valueOf(value));
    }

    private void leaf(String name, String value) throws XMLStreamException {
        newLine();
        start(name);
        xml.writeCharacters(value);
        xml.writeEndElement();
    }

    private void empty(String name, String... namesAndValues) throws XMLStreamException {
        newLine();
        xml.writeEmptyElement("", name, OVF);
        attributes(namesAndValues);
    }

    private void attributes(String... namesAndValues) throws XMLStreamException {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            xml.writeAttribute("ovf", OVF, namesAndValues[i], namesAndValues[i + 1]);
        }
    }

    private void newLine() throws XMLStreamException {
        xml.writeCharacters("\n" + "  ".repeat(depth));
    }
}
