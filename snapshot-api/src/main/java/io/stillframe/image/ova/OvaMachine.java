package io.stillframe.image.ova;

import io.stillframe.model.SnapshotException;
import java.util.List;

/**
 * What an OVA says of its virtual machine. Immutable.
 *
 * @param name shown to people, 1 to 80 characters without control characters; file names in the archive are made from it
 * @param vcpus virtual processors, 1 to 768
 * @param memoryMib memory in MiB, 4 to 25,165,824 (24 TiB), a multiple of 4
 * @param guestOs kind of operating system
 * @param firmware what boots it; must be what the disks were installed with
 * @param controller kind of the SCSI controllers that the disks are at
 * @param networks the network that each adapter is connected to, by name; at most 10, may be empty
 */
public record OvaMachine(
        String name,
        int vcpus,
        int memoryMib,
        GuestOs guestOs,
        Firmware firmware,
        DiskController controller,
        List<String> networks) {
    private static final int LONGEST_NAME = 80;
    private static final int MOST_VCPUS = 768;
    private static final int LEAST_MEMORY = 4;
    private static final int MOST_MEMORY = 24 << 20;
    private static final int MOST_NETWORKS = 10;

    /** The kind of operating system, as CIM numbers it (CIM_OperatingSystem.OsType) and VMware names it. */
    public enum GuestOs {
        LINUX_64(101, "otherLinux64Guest", "Linux, 64 bit"),
        WINDOWS_SERVER_64(103, "windows7Server64Guest", "Microsoft Windows Server, 64 bit"),
        OTHER_64(102, "otherGuest64", "Other, 64 bit");

        private final int cim;
        private final String vmware;
        private final String text;

        GuestOs(int cim, String vmware, String text) {
            this.cim = cim;
            this.vmware = vmware;
            this.text = text;
        }

        int cim() {
            return cim;
        }

        String vmware() {
            return vmware;
        }

        String text() {
            return text;
        }
    }

    /** What boots the machine. */
    public enum Firmware {
        BIOS,
        UEFI
    }

    /** Kind of SCSI controller. The guest needs a driver for it to boot. */
    public enum DiskController {
        /** LSI Logic parallel; what importers know best. */
        LSI_LOGIC("lsilogic"),
        /** LSI Logic SAS; what Windows has a driver for. */
        LSI_LOGIC_SAS("lsilogicsas"),
        /** VMware paravirtual. */
        PARAVIRTUAL("VirtualSCSI");

        private final String subtype;

        DiskController(String subtype) {
            this.subtype = subtype;
        }

        String subtype() {
            return subtype;
        }
    }

    public OvaMachine {
        requireText("a virtual machine's name", name);
        within("vcpus", vcpus, 1, MOST_VCPUS);
        within("memory in MiB", memoryMib, LEAST_MEMORY, MOST_MEMORY);
        if (memoryMib % LEAST_MEMORY != 0) {
            throw SnapshotException.invalid("memory must be a multiple of " + LEAST_MEMORY + " MiB, got " + memoryMib);
        }
        networks = List.copyOf(networks);
        within("network adapters", networks.size(), 0, MOST_NETWORKS);
        networks.forEach(network -> requireText("a network's name", network));
    }

    private static void requireText(String what, String text) {
        boolean sound = !text.isBlank()
                && text.length() <= LONGEST_NAME
                && text.codePoints().noneMatch(OvaMachine::notInXml);
        if (!sound) {
            throw SnapshotException.invalid(
                    what + " must be 1 to " + LONGEST_NAME + " characters, not blank, without control characters");
        }
    }

    private static boolean notInXml(int code) {
        return Character.isISOControl(code)
                || Character.getType(code) == Character.SURROGATE
                || (code & 0xfffe) == 0xfffe;
    }

    private static void within(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw SnapshotException.invalid(what + " must be " + least + " to " + most + ", got " + value);
        }
    }

    /** Starts a machine: 64-bit Linux, BIOS, LSI Logic, 1 virtual processor, 1 GiB, one adapter at the network {@code VM Network}. */
    public static Builder builder(String name) {
        return new Builder(name);
    }

    /** Puts a machine together. For one thread at a time. */
    public static final class Builder {
        private final String name;
        private int vcpus = 1;
        private int memoryMib = 1024;
        private GuestOs guestOs = GuestOs.LINUX_64;
        private Firmware firmware = Firmware.BIOS;
        private DiskController controller = DiskController.LSI_LOGIC;
        private List<String> networks = List.of("VM Network");

        private Builder(String name) {
            this.name = name;
        }

        public Builder vcpus(int value) {
            vcpus = value;
            return this;
        }

        public Builder memoryMib(int value) {
            memoryMib = value;
            return this;
        }

        public Builder guestOs(GuestOs value) {
            guestOs = value;
            return this;
        }

        public Builder firmware(Firmware value) {
            firmware = value;
            return this;
        }

        public Builder controller(DiskController value) {
            controller = value;
            return this;
        }

        public Builder networks(List<String> names) {
            networks = names;
            return this;
        }

        /**
         * The machine.
         *
         * @throws SnapshotException INVALID if a value is out of range
         */
        public OvaMachine build() {
            return new OvaMachine(name, vcpus, memoryMib, guestOs, firmware, controller, networks);
        }
    }
}
