package io.stillframe.libvirt.internal.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

class RbdVolumeTest {
    private static final String DISK = """
            <disk type='network' device='disk'>
              <driver name='qemu' type='raw'/>
              <source protocol='rbd' name='pool/space/image'>
                <host name='mon-1' port='3300'/><host name='::1' port='6789'/><host name='mon-3'/>
                <auth username='u'><secret type='ceph' uuid='bf4bbe85-2041-43aa-a07e-18dd84191938'/></auth>
              </source>
              <target dev='vda' bus='virtio'/>
            </disk>""";

    @Test
    void aDisksVolumeIsReadWithTheWayToItsCluster() {
        RbdVolume volume = disk(DISK).rbdVolume().orElseThrow();

        assertThat(volume.pool()).isEqualTo("pool");
        assertThat(volume.namespace()).isEqualTo("space");
        assertThat(volume.image()).isEqualTo("image");
        assertThat(volume.access().monitors()).containsExactly("mon-1:3300", "[::1]:6789", "mon-3");
        assertThat(volume.access().user()).contains("u");
        assertThat(volume.access().secret())
                .contains(new CephAccess.SecretName("uuid", "bf4bbe85-2041-43aa-a07e-18dd84191938"));
        assertThat(disk(DISK).obstacle()).isEmpty();
        assertThat(disk(DISK).location()).isEqualTo(volume.location());
    }

    @Test
    void credentialsMayStandBesideTheSource() {
        RbdVolume volume = disk("""
                <disk type='network'><auth username='v'><secret type='ceph' usage='a key'/></auth>
                  <source protocol='rbd' name='pool/image'/><target dev='vda'/></disk>""").rbdVolume().orElseThrow();

        assertThat(volume.access())
                .isEqualTo(new CephAccess(
                        List.of(), Optional.of("v"), Optional.of(new CephAccess.SecretName("usage", "a key"))));
    }

    @Test
    void whatIsWrittenIsReadBack() {
        RbdVolume volume = disk(DISK).rbdVolume().orElseThrow();
        Element plan = Xml.newRoot("plan");
        volume.write(plan);
        Element copy = Xml.newRoot("disk");
        volume.describe(copy);

        assertThat(RbdVolume.read(Xml.parse("a plan", Xml.print(plan)).getDocumentElement()))
                .contains(volume);
        assertThat(new DomainDisk(Xml.parse("a disk", Xml.print(copy)).getDocumentElement()).rbdVolume())
                .contains(volume);
    }

    @ParameterizedTest
    @ValueSource(strings = {"image", "pool/", "/image", "a/b/c/d", "pool/im@age", "pool/im\tage"})
    void aNameThatIsNoneIsInvalid(String name) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> RbdVolume.parse(CephAccess.ofConfiguration(), name))
                .matches(e -> e.kind() == Kind.INVALID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<source protocol='iscsi' name='x/y'/>",
                "<driver type='qcow2'/><source protocol='rbd' name='pool/image'/>",
                "<source protocol='rbd' name='pool/image'><snapshot name='s'/></source>",
                "<source protocol='rbd' name='pool/image'><encryption format='luks'/></source>",
                "<source protocol='rbd' name='pool/image'/><shareable/>"
            })
    void whatCannotBeHeldSaysWhy(String source) {
        assertThat(disk("<disk type='network'>" + source + "<target dev='vda'/></disk>")
                        .obstacle())
                .isPresent();
    }

    private static DomainDisk disk(String xml) {
        return new DomainDisk(Xml.parse("a disk", xml).getDocumentElement());
    }
}
