package io.stillframe.libvirt.internal.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ImageLayer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DomainDefinitionTest {
    @TempDir
    Path directory;

    @Test
    void onlyDisksThatTheGuestMayWriteAreListedAndTheFirstInBootOrderIsRoot() {
        DomainDefinition definition = domain("""
                <disk type='file' device='cdrom'><source file='/cd.iso'/><target dev='sda'/></disk>
                <disk type='file' device='disk'><source file='/ro'/><target dev='vda'/><readonly/></disk>
                <disk type='file' device='disk'><driver type='raw'/><source file='/b'/><target dev='vdb'/></disk>
                <disk type='block' device='disk'><source dev='/dev/x'/><target dev='vdc'/><boot order='1'/></disk>
                <disk type='network'><source protocol='rbd' name='pool/image'/><target dev='vdd'/></disk>
                <disk type='file' device='floppy'><source file='/f'/><target dev='fda'/></disk>""");

        assertThat(definition.disks()).extracting(DomainDisk::device).containsExactly("vdb", "vdc", "vdd");
        assertThat(definition.rootDevice()).contains("vdc");
        assertThat(definition.disk("vdd").orElseThrow().location()).isEqualTo("rbd:pool/image");
        assertThat(definition.disk("vdb").orElseThrow().obstacle()).isEmpty();
        assertThat(definition.disk("vdc").orElseThrow().obstacle()).isEmpty();
        assertThat(definition.disk("vdd").orElseThrow().obstacle()).isEmpty();
    }

    @Test
    void aSharedATransientAnEncryptedAndASlicedDiskAreObstacles() {
        for (String mark : new String[] {"<shareable/>", "<transient/>"}) {
            assertThat(domain("<disk><source file='/a'/><target dev='vda'/>" + mark + "</disk>")
                            .disk("vda")
                            .orElseThrow()
                            .obstacle())
                    .as(mark)
                    .isPresent();
        }
        for (String part : new String[] {"<encryption format='luks'/>", "<slices/>"}) {
            assertThat(domain("<disk><source file='/a'>" + part + "</source><target dev='vda'/></disk>")
                            .disk("vda")
                            .orElseThrow()
                            .obstacle())
                    .as(part)
                    .isPresent();
        }
    }

    @Test
    void theDeclaredChainIsReadFromTheXml() throws IOException {
        Path top = Files.createFile(directory.resolve("top"));
        Path base = Files.createFile(directory.resolve("base"));
        DomainDisk disk = domain("""
                <disk type='file'><driver type='qcow2'/><source file='%s'/>
                <backingStore type='file'><format type='raw'/><source file='%s'/><backingStore/></backingStore>
                <target dev='vda'/></disk>""".formatted(top, base)).disk("vda").orElseThrow();

        assertThat(BackingChain.complete(disk))
                .containsExactly(new ImageLayer(top.toString(), "qcow2"), new ImageLayer(base.toString(), "raw"));
    }

    @Test
    void aChainThatIsNotDeclaredIsFollowedThroughHeadsThatNameTheFormat() throws IOException {
        Path base = Files.write(directory.resolve("base"), new byte[512]);
        Path middle = directory.resolve("middle");
        Path top = directory.resolve("top");
        EmptyOverlay.create(middle, 512, base, "raw");
        EmptyOverlay.create(top, 512, middle, "qcow2");

        assertThat(BackingChain.complete(qcow2(top)))
                .containsExactly(
                        new ImageLayer(top.toString(), "qcow2"),
                        new ImageLayer(middle.toString(), "qcow2"),
                        new ImageLayer(base.toString(), "raw"));
    }

    @Test
    void aRawLayerIsNeverLookedInto() throws IOException {
        Path secret = Files.write(directory.resolve("secret"), new byte[512]);
        Path crafted = directory.resolve("crafted");
        EmptyOverlay.create(crafted, 512, secret, "raw");
        DomainDisk disk = domain("<disk type='file'><driver type='raw'/><source file='" + crafted
                        + "'/><target dev='vda'/></disk>")
                .disk("vda")
                .orElseThrow();

        assertThat(BackingChain.complete(disk)).containsExactly(new ImageLayer(crafted.toString(), "raw"));
    }

    @Test
    void aLoopAMissingLayerAndAnotherProtocolAreRefused() throws IOException {
        Path base = Files.write(directory.resolve("base"), new byte[512]);
        Path top = directory.resolve("top");
        EmptyOverlay.create(top, 512, base, "qcow2");
        Files.delete(base);
        assertFails(Kind.UNSUPPORTED, () -> BackingChain.complete(qcow2(top)));
        EmptyOverlay.create(base, 512, top, "qcow2");
        assertFails(Kind.CORRUPT, () -> BackingChain.complete(qcow2(top)));
        assertThat(BackingChain.known(qcow2(top))).hasSize(1);
    }

    @Test
    void documentTypesAreRefused() {
        assertFails(
                Kind.INVALID,
                () -> DomainDefinition.parse(
                        "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain><name>&x;</name></domain>"));
        assertFails(Kind.INVALID, () -> DomainDefinition.parse("<network/>"));
        assertFails(Kind.INVALID, () -> DomainDefinition.parse("<domain>"));
    }

    private static DomainDisk qcow2(Path file) {
        return domain("<disk type='file'><driver type='qcow2'/><source file='" + file + "'/><target dev='vda'/></disk>")
                .disk("vda")
                .orElseThrow();
    }

    private static DomainDefinition domain(String devices) {
        return DomainDefinition.parse("<domain><name>x</name><devices>" + devices + "</devices></domain>");
    }

    private static void assertFails(Kind kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .matches(e -> e.kind() == kind, "is " + kind);
    }
}
