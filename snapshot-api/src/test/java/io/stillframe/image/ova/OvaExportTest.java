package io.stillframe.image.ova;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageChain;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StockTools;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.qcow2.Qemu;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class OvaExportTest {
    private static final String OVF = "http://schemas.dmtf.org/ovf/envelope/1";
    private static final String RASD =
            "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData";
    private static final Instant CREATED = Instant.parse("2026-03-04T05:06:07Z");

    @TempDir
    Path dir;

    private Path file() {
        return dir.resolve("machine.ova");
    }

    @Test
    void theArchiveHoldsDescriptorManifestAndDisksInOrder() throws IOException {
        List<BlockSource> disks = List.of(SeededDisk.dense(5_000_192, 1), SeededDisk.dense(3 << 20, 2));
        List<StreamResult> results = export(OvaMachine.builder("web-1").build(), disks);
        Map<String, byte[]> entries = entries();
        assertThat(entries.keySet()).containsExactly("web-1.ovf", "web-1.mf", "web-1-disk1.vmdk", "web-1-disk2.vmdk");
        for (int i = 0; i < disks.size(); i++) {
            byte[] stored = entries.get("web-1-disk" + (i + 1) + ".vmdk");
            assertThat(stored).hasSize((int) results.get(i).bytesStored());
            Path image = Files.write(dir.resolve("disk.vmdk"), stored);
            try (BlockSource opened = ImageChain.open(List.of(new ImageLayer(image.toString(), "vmdk")))) {
                DiskAssert.assertSameDisk(opened, disks.get(i), i);
            }
            assertThat(results.get(i).content()).contains(DiskAssert.contentDigest(disks.get(i)));
        }
    }

    @Test
    void theManifestHasTheSumOfEveryOtherFile() throws Exception {
        export(OvaMachine.builder("a b").build(), List.of(SeededDisk.dense(1 << 20, 3), SeededDisk.dense(777, 4)));
        Map<String, byte[]> entries = entries();
        List<String> expected = new ArrayList<>();
        for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
            if (!entry.getKey().endsWith(".mf")) {
                expected.add("SHA256(" + entry.getKey() + ")= " + sha256(entry.getValue()));
            }
        }
        assertThat(new String(entries.get("a-b.mf"), StandardCharsets.US_ASCII).lines())
                .containsExactlyElementsOf(expected);
    }

    @Test
    void theDescriptorTellsTheMachine() throws Exception {
        OvaMachine machine = OvaMachine.builder("<q>&\"'ä\u20ac \ud83d\ude00")
                .vcpus(3)
                .memoryMib(2052)
                .guestOs(OvaMachine.GuestOs.WINDOWS_SERVER_64)
                .firmware(OvaMachine.Firmware.UEFI)
                .controller(OvaMachine.DiskController.PARAVIRTUAL)
                .networks(List.of("net <1>", "net 2", "net <1>"))
                .build();
        List<StreamResult> results = export(machine, List.of(SeededDisk.dense(100_000, 3)));
        Map<String, byte[]> entries = entries();
        Document document = parse(entries.get("q.ovf"));
        Element envelope = document.getDocumentElement();
        assertThat(envelope.getNamespaceURI()).isEqualTo(OVF);
        assertThat(envelope.getLocalName()).isEqualTo("Envelope");
        Element reference = one(document, OVF, "File");
        assertThat(reference.getAttributeNS(OVF, "href")).isEqualTo("q-disk1.vmdk");
        assertThat(reference.getAttributeNS(OVF, "size"))
                .isEqualTo(String.valueOf(results.get(0).bytesStored()));
        Element disk = one(document, OVF, "Disk");
        assertThat(disk.getAttributeNS(OVF, "fileRef")).isEqualTo(reference.getAttributeNS(OVF, "id"));
        assertThat(disk.getAttributeNS(OVF, "capacity")).isEqualTo("100352");
        assertThat(disk.getAttributeNS(OVF, "populatedSize"))
                .isEqualTo(String.valueOf(results.get(0).bytesRead()));
        assertThat(one(document, OVF, "VirtualSystem").getAttributeNS(OVF, "id"))
                .isEqualTo(machine.name());
        assertThat(one(document, OVF, "Name").getTextContent()).isEqualTo(machine.name());
        assertThat(one(document, OVF, "OperatingSystemSection").getAttributeNS(OVF, "id"))
                .isEqualTo("103");
        assertThat(quantity(document, "3")).isEqualTo("3");
        assertThat(quantity(document, "4")).isEqualTo("2052");
        assertThat(items(document, "10")).hasSize(3);
        assertThat(document.getElementsByTagNameNS(OVF, "Network").getLength()).isEqualTo(2);
        assertThat(child(items(document, "6").get(0), "ResourceSubType")).isEqualTo("VirtualSCSI");
        assertThat(child(items(document, "17").get(0), "HostResource"))
                .isEqualTo("ovf:/disk/" + disk.getAttributeNS(OVF, "diskId"));
        assertThat(one(document, "http://www.vmware.com/schema/ovf", "Config")
                        .getAttributeNS("http://www.vmware.com/schema/ovf", "value"))
                .isEqualTo("efi");
    }

    @Test
    void everyItemHasItsOwnIdentityAndItsElementsInOrder() throws Exception {
        List<BlockSource> disks = new ArrayList<>(
                Collections.nCopies(17, MemoryBlockSource.builder(512).build()));
        export(OvaMachine.builder("many").build(), disks);
        Document document = parse(entries().get("many.ovf"));
        NodeList all = document.getElementsByTagNameNS(OVF, "Item");
        List<String> identities = new ArrayList<>();
        for (int i = 0; i < all.getLength(); i++) {
            Element item = (Element) all.item(i);
            identities.add(child(item, "InstanceID"));
            List<String> names = new ArrayList<>();
            NodeList children = item.getElementsByTagNameNS(RASD, "*");
            for (int n = 0; n < children.getLength(); n++) {
                names.add(children.item(n).getLocalName());
            }
            assertThat(names).isSorted();
        }
        assertThat(identities).doesNotHaveDuplicates();
        assertThat(items(document, "6")).hasSize(2);
        List<String> places = items(document, "17").stream()
                .map(item -> child(item, "Parent") + ":" + child(item, "AddressOnParent"))
                .toList();
        assertThat(places).hasSize(17).doesNotHaveDuplicates().noneMatch(place -> place.endsWith(":7"));
    }

    @Test
    void theSameContentMakesTheSameBytesAndNamesNobody() throws IOException {
        List<BlockSource> disks = List.of(SeededDisk.dense(3_000_000, 6));
        export(OvaMachine.builder("vm").build(), disks);
        byte[] first = Files.readAllBytes(file());
        export(OvaMachine.builder("vm").build(), disks);
        assertThat(Files.readAllBytes(file())).isEqualTo(first);
        try (TarArchiveInputStream tar = tar()) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                assertThat(entry.getUserName() + entry.getGroupName()).isEmpty();
                assertThat(entry.getLongUserId() + entry.getLongGroupId()).isZero();
                assertThat(entry.getLastModifiedTime().toInstant()).isEqualTo(CREATED);
            }
        }
    }

    @Test
    void theToolsOfThePlatformReadIt() throws IOException {
        Qemu.assumeInstalled();
        StockTools.require("tar");
        BlockSource disk = SeededDisk.dense(7_340_032, 5);
        export(OvaMachine.builder("vm").build(), List.of(disk));
        assertThat(Qemu.run("tar", "-tf", file()).lines()).containsExactly("vm.ovf", "vm.mf", "vm-disk1.vmdk");
        Qemu.run("tar", "-xf", file(), "-C", dir);
        Path image = dir.resolve("vm-disk1.vmdk");
        assertThat(Qemu.run("qemu-img", "info", image)).contains("file format: vmdk", "streamOptimized", "7 MiB");
        Qemu.assertSame(image, "vmdk", disk, dir);
    }

    /** A tar's own number has room for 8 GiB; the header of a longer file counts otherwise. */
    @Test
    void lengthsBeyond8GibibytesFitIntoTheHeader() throws IOException {
        for (long length : new long[] {0, (8L << 30) - 1, 8L << 30, 2L << 40}) {
            byte[] header = TarHeader.of("x.vmdk", length, CREATED).array();
            try (TarArchiveInputStream tar = new TarArchiveInputStream(new ByteArrayInputStream(header))) {
                assertThat(tar.getNextEntry().getSize()).isEqualTo(length);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc/passwd", "...", "con", "/", "a\\b:c", "\u00e4\u00f6\u00fc", "-rf"})
    void fileNamesAreTameWhateverTheMachineIsCalled(String name) throws IOException {
        export(
                OvaMachine.builder(name).build(),
                List.of(MemoryBlockSource.builder(512).build()));
        assertThat(entries().keySet())
                .allMatch(file -> file.matches("[A-Za-z0-9_][A-Za-z0-9._-]*\\.(ovf|mf|vmdk)"))
                .noneMatch(file -> file.contains("..") || file.startsWith("con."));
    }

    @Test
    void valuesOutOfRangeAreRefused() {
        assertInvalid(() -> OvaMachine.builder("").build());
        assertInvalid(() -> OvaMachine.builder("x".repeat(81)).build());
        assertInvalid(() -> OvaMachine.builder("a\u0000b").build());
        assertInvalid(() -> OvaMachine.builder("a\ud800").build());
        assertInvalid(() -> OvaMachine.builder("a").vcpus(0).build());
        assertInvalid(() -> OvaMachine.builder("a").memoryMib(1023).build());
        assertInvalid(() ->
                OvaMachine.builder("a").networks(Collections.nCopies(11, "n")).build());
        assertInvalid(() -> OvaContent.of(OvaMachine.builder("a").build(), List.of()));
        OvaContent content = content(OvaMachine.builder("a").build(), List.of(SeededDisk.dense(10, 1)))
                .withCompression(Compression.parse("zstd"));
        assertInvalid(() -> export(content));
    }

    @Test
    void aCancelledExportLeavesNothing() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel("test");
        OvaContent content = content(OvaMachine.builder("a").build(), List.of(SeededDisk.dense(1 << 20, 1)));
        assertThatThrownBy(() -> {
                    try (FileTarget target = FileTarget.create(file())) {
                        OvaExport.run(
                                content, target, StreamSettings.ofDefaults(), cancellation, StreamListener.none());
                    }
                })
                .isInstanceOf(SnapshotException.class);
        assertThat(dir).isEmptyDirectory();
    }

    private static void assertInvalid(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.INVALID));
    }

    private static OvaContent content(OvaMachine machine, List<BlockSource> disks) {
        return new OvaContent(machine, disks, Optional.empty(), CREATED);
    }

    private List<StreamResult> export(OvaMachine machine, List<BlockSource> disks) {
        return export(content(machine, disks));
    }

    private List<StreamResult> export(OvaContent content) {
        try (FileTarget target = FileTarget.create(file())) {
            List<StreamResult> results = OvaExport.run(
                    content, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.publish();
            return results;
        }
    }

    private TarArchiveInputStream tar() throws IOException {
        InputStream in = Files.newInputStream(file());
        return new TarArchiveInputStream(in);
    }

    private Map<String, byte[]> entries() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (TarArchiveInputStream tar = tar()) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                entries.put(entry.getName(), tar.readAllBytes());
            }
        }
        return entries;
    }

    private static Document parse(byte[] xml) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(xml));
    }

    private static Element one(Document document, String namespace, String name) {
        NodeList found = document.getElementsByTagNameNS(namespace, name);
        assertThat(found.getLength()).as(name).isEqualTo(1);
        return (Element) found.item(0);
    }

    private static List<Element> items(Document document, String resourceType) {
        List<Element> items = new ArrayList<>();
        NodeList all = document.getElementsByTagNameNS(OVF, "Item");
        for (int i = 0; i < all.getLength(); i++) {
            Element item = (Element) all.item(i);
            if (child(item, "ResourceType").equals(resourceType)) {
                items.add(item);
            }
        }
        return items;
    }

    private static String quantity(Document document, String resourceType) {
        return child(items(document, resourceType).get(0), "VirtualQuantity");
    }

    private static String child(Element item, String name) {
        return item.getElementsByTagNameNS(RASD, name).item(0).getTextContent();
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
