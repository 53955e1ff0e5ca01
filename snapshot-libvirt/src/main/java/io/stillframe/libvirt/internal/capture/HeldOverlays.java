package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.connection.LibvirtSession.HostDomain;
import io.stillframe.libvirt.internal.domain.BackingChain;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.Qcow2Header;
import io.stillframe.model.DiskRole;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.ImageLayer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds held points in time on the host: overlays in the chains of domains, and files named like overlays beside their disks. An overlay
 * whose domain is gone cannot be told from the file alone and is not found.
 */
final class HeldOverlays {
    private static final Logger LOG = LoggerFactory.getLogger(HeldOverlays.class);

    private final Path deviceOverlays;
    private final Map<SnapshotId, Found> found = new LinkedHashMap<>();

    /** What was found of one snapshot. */
    private static final class Found {
        private final HostDomain domain;
        private final Map<String, CapturePlan.Disk> disks = new LinkedHashMap<>();
        private final Map<String, OverlayPlan.Disk> overlays = new LinkedHashMap<>();

        Found(HostDomain domain) {
            this.domain = domain;
        }
    }

    private HeldOverlays(Path deviceOverlays) {
        this.deviceOverlays = deviceOverlays;
    }

    /** @param deviceOverlays where the overlays over block devices lie */
    static List<CapturePlan> on(LibvirtSession session, Path deviceOverlays) {
        HeldOverlays search = new HeldOverlays(deviceOverlays);
        session.hostDomains().forEach(search::search);
        return search.found.entrySet().stream()
                .map(entry -> plan(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static CapturePlan plan(SnapshotId snapshot, Found found) {
        OverlayPlan plan = new OverlayPlan(snapshot, found.domain.id(), List.copyOf(found.overlays.values()));
        return new CapturePlan(snapshot, found.domain.id(), List.copyOf(found.disks.values()), plan.toState());
    }

    private void search(HostDomain domain) {
        for (String xml : domain.xml()) {
            DomainDefinition definition = DomainDefinition.parse(xml);
            Optional<String> root = definition.rootDevice();
            for (DomainDisk disk : definition.disks()) {
                DiskRole role = root.filter(disk.device()::equals).isPresent() ? DiskRole.ROOT : DiskRole.DATA;
                searchDisk(domain, disk, role);
            }
        }
    }

    private void searchDisk(HostDomain domain, DomainDisk disk, DiskRole role) {
        List<ImageLayer> chain = BackingChain.known(disk);
        for (ImageLayer layer : chain) {
            add(domain, disk.device(), role, Path.of(layer.location()), Optional.empty());
        }
        for (ImageLayer layer : chain) {
            for (Path near : overlaysNear(layer)) {
                add(domain, disk.device(), role, near, Optional.of(layer.location()));
            }
        }
    }

    /** @param base what it must lie over; anything if empty */
    private void add(HostDomain domain, String device, DiskRole role, Path overlay, Optional<String> base) {
        Optional<SnapshotId> snapshot = OverlayPlan.snapshotOf(overlay.toString());
        if (snapshot.isEmpty()) {
            return;
        }
        try {
            Qcow2Header header = Qcow2Header.read(overlay);
            Optional<String> below = header.backingFile();
            if (below.isPresent() && (base.isEmpty() || base.equals(below))) {
                add(snapshot.get(), domain, new Overlay(device, role, overlay, below.get(), header));
            }
        } catch (SnapshotException e) {
            LOG.warn("the overlay {} of instance {} cannot be read and is left out", overlay, domain.name(), e);
        }
    }

    /** An overlay that was found. */
    private record Overlay(String device, DiskRole role, Path file, String base, Qcow2Header header) {}

    private void add(SnapshotId snapshot, HostDomain domain, Overlay overlay) {
        Found entry = found.computeIfAbsent(snapshot, id -> new Found(domain));
        if (!entry.domain.id().equals(domain.id()) || entry.disks.containsKey(overlay.device)) {
            return;
        }
        String format = overlay.header.backingFormat().orElse("raw");
        long size = overlay.header.virtualSize();
        entry.disks.put(overlay.device, new CapturePlan.Disk(overlay.device, overlay.role, format, size));
        entry.overlays.put(
                overlay.device,
                new OverlayPlan.Disk(
                        overlay.device,
                        overlay.file,
                        size,
                        List.of(new ImageLayer(overlay.base, format)),
                        Optional.empty(),
                        Optional.empty()));
    }

    private List<Path> overlaysNear(ImageLayer layer) {
        List<Path> overlays = new ArrayList<>();
        boolean isDevice = layer.location().startsWith("/dev/");
        Path directory = isDevice ? deviceOverlays : Path.of(layer.location()).getParent();
        if (directory == null || !directory.isAbsolute() || !Files.isDirectory(directory)) {
            return overlays;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.stillframe-snap-*")) {
            files.forEach(overlays::add);
        } catch (IOException e) {
            LOG.warn("the directory {} cannot be searched for overlays", directory, e);
        }
        return overlays;
    }
}
