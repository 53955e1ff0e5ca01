package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.libvirt.internal.LibvirtUri;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.HypervisorProvider;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LibvirtUriTest {
    @Test
    void theProviderIsFoundByTheServiceLoader() {
        assertThat(ServiceLoader.load(HypervisorProvider.class))
                .filteredOn(provider -> provider.name().equals("libvirt"))
                .singleElement()
                .satisfies(provider -> assertThat(provider.schemes()).contains("qemu", "qemu+unix"));
    }

    @Test
    void ownParametersAreTakenOutAndLibvirtsStay() {
        LibvirtUri uri = LibvirtUri.parse(URI.create(
                "qemu+unix:///system?socket=/run/a%20b&disk-directory=/srv/x%20y&merge-bandwidth=5&merge-stall=7"));

        assertThat(uri.forLibvirt()).isEqualTo("qemu+unix:///system?socket=/run/a%20b");
        assertThat(uri.apply(LibvirtOptions.ofDefaults()))
                .isEqualTo(LibvirtOptions.ofDefaults()
                        .withDiskDirectory(Path.of("/srv/x y"))
                        .withMergeBandwidth(5)
                        .withMergeStall(Duration.ofSeconds(7)));
    }

    @Test
    void theWayToCephIsTakenOut() {
        LibvirtUri uri = LibvirtUri.parse(URI.create("qemu:///system?ceph-secret=id&ceph-user=u&ceph-monitors=a:1,b"
                + "&ceph-pool=p/n&ceph-conf=/c&ceph-deadline=9&overlay-directory=/o"));

        assertThat(uri.forLibvirt()).isEqualTo("qemu:///system");
        assertThat(uri.apply(LibvirtOptions.ofDefaults()))
                .isEqualTo(LibvirtOptions.ofDefaults()
                        .withOverlayDirectory(Path.of("/o"))
                        .withCeph(new CephOptions(
                                Optional.of(Path.of("/c")),
                                List.of("a:1", "b"),
                                Optional.of("u"),
                                Optional.of("id"),
                                Optional.of("p/n"),
                                Duration.ofSeconds(9))));
    }

    @Test
    void aPlainUriIsLeftAsItIs() {
        LibvirtUri uri = LibvirtUri.parse(URI.create("qemu:///system"));

        assertThat(uri.forLibvirt()).isEqualTo("qemu:///system");
        assertThat(uri.apply(LibvirtOptions.ofDefaults())).isEqualTo(LibvirtOptions.ofDefaults());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "qemu+ssh://root@host/system",
                "qemu+tls://host/system",
                "qemu://host/system",
                "qemu+tcp:///system"
            })
    void anotherHostIsUnsupported(String uri) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> LibvirtHypervisor.open(URI.create(uri)))
                .withMessageContaining("another host")
                .matches(e -> e.kind() == Kind.UNSUPPORTED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "xen:///system",
                "qemu:///",
                "qemu:system",
                "qemu:///system?merge-stall=soon",
                "qemu:///system?merge-stall=0",
                "qemu:///system?disk-directory=relative",
                "qemu:///system?merge-bandwidth=-1",
                "qemu:///system?overlay-directory=relative",
                "qemu:///system?ceph-conf=relative",
                "qemu:///system?ceph-secret=of-nobody",
                "qemu:///system?ceph-deadline=0"
            })
    void aMalformedUriIsInvalid(String uri) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> LibvirtHypervisor.open(URI.create(uri)))
                .matches(e -> e.kind() == Kind.INVALID);
    }

    @Test
    void aServerThatIsNotThereIsTransient() {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> LibvirtHypervisor.open(URI.create("qemu+unix:///system?socket=/nonexistent")))
                .matches(e -> e.kind() == Kind.TRANSIENT);
    }
}
