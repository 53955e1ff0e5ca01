package io.stillframe.libvirt;

import io.stillframe.libvirt.internal.LibvirtUri;
import io.stillframe.libvirt.internal.capture.OverlayCapture;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.driver.LibvirtDriver;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import java.net.URI;

/**
 * QEMU on this host, through libvirt. Instances are domains; their identity is the domain's UUID. Points in time are held by overlays
 * beside the disks' files ({@code DISK.stillframe-SNAPSHOT}), which are merged back and removed on release.
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
    private final LibvirtDriver driver;
    private final OverlayCapture capture;

    private LibvirtHypervisor(LibvirtUri uri, LibvirtOptions options, LibvirtSession session) {
        this.uri = uri;
        this.session = session;
        this.driver = new LibvirtDriver(session, options.diskDirectory());
        this.capture = new OverlayCapture(session, options.mergeBandwidth(), options.mergeStall());
    }

    /**
     * Opens the hypervisor at a libvirt URI, e.g. {@code qemu:///system}, with the default options.
     *
     * @param uri a local one: scheme {@code qemu} or {@code qemu+unix}, no host. The parameters {@code disk-directory},
     *     {@code merge-bandwidth} (bytes a second) and {@code merge-stall} (seconds) set the options of the same names; all others,
     *     e.g. {@code socket}, are libvirt's
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
    public void close() {
        session.close();
    }
}
