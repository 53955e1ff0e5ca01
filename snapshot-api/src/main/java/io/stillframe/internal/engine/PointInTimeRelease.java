package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Obligation;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives a snapshot's held point in time up: what the instance wrote since is merged back and nothing stays behind on the host. */
final class PointInTimeRelease {
    private static final Logger LOG = LoggerFactory.getLogger(PointInTimeRelease.class);

    private static final String RELEASE = "release";

    private final Installation installation;

    PointInTimeRelease(Installation installation) {
        this.installation = installation;
    }

    /** Tries once; nothing if it is not owed. */
    void run(OwnedRecord record) {
        if (!record.snapshot().obligations().contains(Obligation.RELEASE)) {
            return;
        }
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.RELEASE, record.snapshot())) {
            release(record);
            span.done("released");
        }
    }

    private void release(OwnedRecord record) {
        CapturePlan plan = Attributes.requirePlan(record.record());
        record.assureLease();
        installation
                .requireHypervisor(record.snapshot().instance().hypervisor())
                .capture()
                .release(plan, new Cancellation());
        record.update(s -> s.toBuilder().discharged(Obligation.RELEASE).build());
        record.receipt(RELEASE, "point in time released");
        LOG.info("point in time released");
    }
}
