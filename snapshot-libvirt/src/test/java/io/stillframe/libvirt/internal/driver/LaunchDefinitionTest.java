package io.stillframe.libvirt.internal.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LaunchDefinitionTest {
    private static final PlannedLaunch.Disk ROOT =
            new PlannedLaunch.Disk("vda", new DiskPlace.InFile(Path.of("/new/copy-vda.raw")), "raw", 1 << 20);

    @Test
    void nothingOfTheOriginalsOwnIsLeft() {
        LaunchDefinition.Result result = transform("""
                <domain type='kvm' id='7'>
                  <name>original</name><uuid>11111111-1111-1111-1111-111111111111</uuid>
                  <genid>22222222-2222-2222-2222-222222222222</genid>
                  <title>Original</title><metadata><a/></metadata>
                  <os><nvram template='/usr/share/vars.fd'>/var/nvram/original.fd</nvram></os>
                  <sysinfo type='smbios'><system><entry name='uuid'>11111111-1111-1111-1111-111111111111</entry>
                    <entry name='vendor'>Kept</entry></system></sysinfo>
                  <devices>
                    <disk type='block' device='lun' rawio='yes'><driver name='qemu' type='qcow2' cache='none'/>
                      <source dev='/dev/original'/><backingStore><source file='/original/base'/></backingStore>
                      <target dev='vda' bus='scsi'/><address type='drive' unit='3'/></disk>
                    <disk type='file'><source file='/original/data'/><target dev='vdb'/></disk>
                    <disk type='file' device='cdrom'><source file='/original/cd.iso'/><target dev='sda'/></disk>
                    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0' portid='p'/>
                      <target dev='vnet7'/><model type='virtio'/></interface>
                    <serial type='file'><source path='/original/console.log'/><target port='0'/></serial>
                    <console type='file'><source path='/original/console.log'/><target type='serial' port='0'/></console>
                    <serial type='unix'><source mode='bind' path='/original/sock'/><target port='1'/></serial>
                    <channel type='unix'><source mode='bind' path='/original/agent'/>
                      <target type='virtio' name='org.qemu.guest_agent.0'/></channel>
                    <channel type='tcp'><source mode='bind' host='0' service='4555'/><target type='virtio' name='x'/></channel>
                    <graphics type='vnc' port='5907' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>
                    <vsock><cid auto='no' address='7'/></vsock>
                  </devices>
                  <seclabel type='static' model='dac'><label>original</label></seclabel>
                </domain>""");

        assertThat(result.xml())
                .doesNotContainIgnoringCase("original")
                .doesNotContain("11111111", "22222222", "52:54", "vnet7", "5907", "0.0.0.0", "4555", "portid", "rawio")
                .contains("<name>copy</name>", "<uuid>new-uuid</uuid>", "<genid/>", "template=\"/usr/share/vars.fd\"")
                .contains("Kept", "bridge=\"br0\"", "cache=\"none\"", "unit=\"3\"", "<cid auto=\"yes\"/>", "127.0.0.1")
                .contains("file=\"/new/copy-vda.raw\"", "org.qemu.guest_agent.0");
        assertThat(result.logs()).containsExactly(Path.of("/new/copy-serial0.nonce.log"));
        assertThat(DomainDefinition.parse(result.xml()).disks()).singleElement().satisfies(disk -> {
            assertThat(disk.type()).isEqualTo("file");
            assertThat(disk.format()).isEqualTo("raw");
        });
        assertThat(LaunchDefinition.isPending(result.xml())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<hostdev mode='subsystem' type='pci'/>",
                "<filesystem type='mount'/>",
                "<shmem name='x'/>",
                "<interface type='hostdev'/>",
                "<interface type='vhostuser'/>",
                "<tpm><backend type='passthrough'/></tpm>",
                "<input type='evdev'/>",
                "<memory model='nvdimm'><source><path>/x</path></source></memory>",
                "<smartcard mode='host'/>"
            })
    void whatTwoInstancesCannotShareIsRefused(String device) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> transform("<domain><name>x</name><devices>" + device + "</devices></domain>"))
                .matches(e -> e.kind() == Kind.UNSUPPORTED, "is unsupported");
    }

    @Test
    void acommandLineForQemuIsRefused() {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(
                        () -> transform("<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>x</name>"
                                + "<devices/><qemu:commandline><qemu:arg value='-x'/></qemu:commandline></domain>"))
                .matches(e -> e.kind() == Kind.UNSUPPORTED, "is unsupported");
    }

    private static LaunchDefinition.Result transform(String xml) {
        return LaunchDefinition.transform(
                DomainDefinition.parse(xml),
                "copy",
                "new-uuid",
                "nonce",
                Map.of("vda", ROOT),
                Optional.of(Path.of("/new")),
                true);
    }
}
