package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceState;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A hold writes the overlays' heads and nothing more, however large the disks are; the times are printed for a person to see. */
class HoldTimeTest {
    @ParameterizedTest
    @CsvSource({"1G,qcow2", "100G,qcow2", "1G,raw", "100G,raw"})
    void anOverlaysSizeDoesNotGrowWithItsDisk(String size, String format) throws Exception {
        try (LabGuest guest = LabGuest.create(Lab.open(), "lv-hold", "--data-size", size, "--data-format", format);
                LibvirtHypervisor hypervisor = LibvirtHypervisor.open(URI.create(Lab.URI))) {
            InstanceState off = hypervisor.driver().observe(guest.name());
            long start = System.nanoTime();
            CapturePlan plan = hypervisor.capture().plan(SnapshotId.create(Instant.now()), off, DiskSelection.all());
            hypervisor.capture().begin(plan);
            long held = System.nanoTime();
            hypervisor.driver().powerOn(off.id());
            long on = System.nanoTime();

            long overlays = 0;
            for (String name : guest.leftovers()) {
                overlays += Files.size(Path.of(guest.directory().toString(), name));
            }
            assertThat(overlays).isLessThan(2L << 20);

            hypervisor.driver().forceOff(off.id());
            long release = System.nanoTime();
            hypervisor.capture().release(plan, new Cancellation());
            System.out.printf(
                    "data disk %s %s: plan and hold %d ms, start %d ms, release %d ms%n",
                    size,
                    format,
                    (held - start) / 1_000_000,
                    (on - held) / 1_000_000,
                    (System.nanoTime() - release) / 1_000_000);
        }
    }
}
