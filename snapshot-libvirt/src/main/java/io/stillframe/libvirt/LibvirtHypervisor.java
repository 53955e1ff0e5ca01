package io.stillframe.libvirt;

import io.stillframe.libvirt.internal.LibvirtUri;
import io.stillframe.libvirt.internal.capture.HostCapture;
import io.stillframe.libvirt.internal.capture.KeptVolumes;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.driver.LibvirtDriver;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.libvirt.internal.rbd.CephSettings;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.VolumeSnapshots;
import java.net.URI;
import java.util.Optional;

/**
 * QEMU on this host, through libvirt. Instances are domains; their identity is the domain's UUID. Points in time of files and block
 * devices are held by overlays ({@code DISK.stillframe-SNAPSHOT}), which are merged back and removed on release; those of volumes of
 * Ceph's block device by protected snapshots of the volumes ({@code stillframe-SNAPSHOT}), which are removed on release.
 *
 * <p>Disk files are read, created and removed by this process itself, so it must run on the hypervisor's host with the right to do so,
 * usually as root. Merging the disks of an instance that is off needs {@code qemu-img} on the {@code PATH}.
 *
 * <p>The connection is opened anew by itself when libvirt's server was restarted. libvirt's event loop is started once in the process
 * and stays. Safe for use by several threads; closed by whoever opened it, after which every call throws PERMANENT.
 */
public final class LibvirtHypervisor implements Hypervisor {
    private final LibvirtUri uri;
    private final LibvirtSession session;
    private final CephSession ceph;
    private final LibvirtDriver driver;
    private final HostCapture capture;
    private final KeptVolumes volumes;

    private LibvirtHypervisor(LibvirtUri uri, LibvirtOptions options, LibvirtSession session) {
        this.uri = uri;
        this.session = session;
        this.ceph = new CephSession(
                new CephSettings(
                        options.ceph().configuration(),
                        options.ceph().user(),
                        options.ceph().deadline()),
                secret -> session.cephKey(secret.attribute(), secret.value()));
        this.driver = new LibvirtDriver(session, ceph, options);
        this.capture = new HostCapture(
                session, ceph, options.overlayDirectory(), options.mergeBandwidth(), options.mergeStall());
        this.volumes = new KeptVolumes(session, ceph, driver.cloneLaunches(), options.mergeStall());
    }

    /**
     * Opens the hypervisor at a libvirt URI, e.g. {@code qemu:///system}, with the default options.
     *
     * @param uri a local one: scheme {@code qemu} or {@code qemu+unix}, no host. The parameters {@code disk-directory},
     *     {@code overlay-directory}, {@code merge-bandwidth} (bytes a second), {@code merge-stall} (seconds), {@code ceph-conf},
     *     {@code ceph-monitors} (with commas), {@code ceph-user}, {@code ceph-secret}, {@code ceph-pool} and {@code ceph-deadline}
     *     (seconds) set the options of these names; all others, e.g. {@code socket}, are libvirt's
     * @throws io.stillframe.model.SnapshotException INVALID if it is malformed; UNSUPPORTED if it names another host; TRANSIENT if
     *     libvirt does not answer
     */
    public static LibvirtHypervisor open(URI uri) {
        return open(uri, LibvirtOptions.ofDefaults());
    }

    /**
     * Opens the hypervisor at a libvirt URI.
     *
     * @param uri as for {@link #open(URI)}; its parameters win over {@code options}
     * @throws io.stillframe.model.SnapshotException as for {@link #open(URI)}
     */
    public static LibvirtHypervisor open(URI uri, LibvirtOptions options) {
        LibvirtUri parsed = LibvirtUri.parse(uri);
        LibvirtOptions used = parsed.apply(options);
        return new LibvirtHypervisor(parsed, used, LibvirtSession.open(parsed.forLibvirt()));
    }

    @Override
    public String uri() {
        return uri.text();
    }

    @Override
    public HypervisorDriver driver() {
        return driver;
    }

    @Override
    public DiskCapture capture() {
        return capture;
    }

    @Override
    public Optional<VolumeSnapshots> volumes() {
        return Optional.of(volumes);
    }

    @Override
    public void close() {
        ceph.close();
        session.close();
    }
}
