package io.stillframe.model;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a service works: how much at once, how much memory, how patient. Immutable; made by {@link #ofDefaults()} or {@link #builder()},
 * validated when built.
 *
 * @param capturesAtOnce instances that are being captured at the same time, 1 to 1024; more wait untouched
 * @param transfersAtOnce snapshots whose images are worked on at the same time, 1 to 64; more wait as {@code QUEUED}
 * @param encodersPerTransfer threads that convert and compress one snapshot, 1 to 256
 * @param uploadsPerTransfer parts of one snapshot sent at the same time to each store, 1 to 64
 * @param partSize bytes of an uploaded part, 64 KiB to 1 GiB; raised where a store or a very large disk needs more
 * @param memory bytes of buffers over all transfers, at least 8 MiB: half of each transfer's share is for chunks, half for parts;
 *     copies from region to region, as many at once as transfers, take four parts each beside it, copies from volumes a transfer's share
 * @param leaseTtl how long this service's work is safe from takeover when it stops answering, 1 s to 1 h; renewed three times as often
 * @param freezeDeadline how long a guest's agent has to freeze its file systems
 * @param stopGrace how long after its last shutdown event a guest that still runs is watched when a capture was given up, because it
 *     may still obey and must then be powered on again; at most the request's window
 * @param stallLimit a transfer that moves no byte for this long fails
 * @param orphanAge stored objects and held points in time that no record of this catalog knows are left alone until this old, because
 *     another catalog may be working on them
 * @param retries how passing faults are retried
 * @param bandwidth bytes per second that all transfers and launches of the service together write to and read from stores that are
 *     reached over a network, at least 64 KiB; unlimited if empty
 * @param afterCapture who does the work on the image
 * @param interrupted what recovery does with a snapshot whose process died after its point in time was held
 * @param expiry who removes snapshots whose retention is over
 * @param limits how much may run at once over all services on the catalog
 * @param worker whose requests this service works on
 * @param poll how long a service that works on any request sleeps at most between two looks for work, 10 ms to 1 h; each sleep is
 *     shortened at random by up to a half
 * @param placement where snapshots are kept whose request does not say so
 * @param residency where snapshots may be
 * @param regionPatience how long work in several regions waits in all for one that is slower than the others before it goes on without it,
 *     0 to 1 day; a region that was left behind is copied to from another one later
 * @param dependents what the removal of a snapshot that is kept on volumes does about volumes that were cloned from it and still need it
 * @param keptOrphanAge snapshots kept on volumes that no record of this catalog knows are left alone until this old; if empty, always: they
 *     may be all that is left of another catalog, or of a lost one
 * @param mostOlderObjects how many objects of older snapshots a disk that is stored as what changed may point into, 0 to 1000; one that
 *     would need more is stored whole
 */
public record ServiceSettings(
        int capturesAtOnce,
        int transfersAtOnce,
        int encodersPerTransfer,
        int uploadsPerTransfer,
        int partSize,
        long memory,
        Duration leaseTtl,
        Duration freezeDeadline,
        Duration stopGrace,
        Duration stallLimit,
        Duration orphanAge,
        RetryPolicy retries,
        OptionalLong bandwidth,
        AfterCapture afterCapture,
        Interrupted interrupted,
        Expiry expiry,
        ConcurrencyLimits limits,
        Worker worker,
        Duration poll,
        Placement placement,
        ResidencyPolicy residency,
        Duration regionPatience,
        Dependents dependents,
        Optional<Duration> keptOrphanAge,
        int mostOlderObjects) {
    /** Whose requests a service works on. Work that waits belongs to nobody; whoever begins it has it until it is done. */
    public enum Worker {
        /** Those that it was asked for itself, as long as it lives, and what it is told to resume. */
        OWN,
        /**
         * All that reach the hosts and the store that it has, whoever was asked; it also goes on with what services that died have left. When it is
         * closed, what waits is left to others, and transfers are handed back to them.
         */
        ANY,
        /** None: it accepts them and leaves them to others. */
        NONE
    }

    /** Who works on the image once the point in time is held and the instance is back. */
    public enum AfterCapture {
        /** This service, at once. */
        TRANSFER,
        /** Another process, which calls {@code SnapshotService.resume}: this service gives the snapshot's lease back. */
        HAND_OVER
    }

    /** What recovery does with a snapshot that a dead process left {@code QUEUED}. */
    public enum Interrupted {
        /** Goes on from the held point in time if it is still held. */
        RESUME,
        /** Lets it fail and releases its point in time. */
        FAIL
    }

    private static final long LEAST_BANDWIDTH = 64 << 10;
    /** Who removes snapshots whose retention is over; from that instant on they cannot be read in either case. */
    public enum Expiry {
        /** This service, at that second, if it has a store; also what other services on the catalog made. */
        TIMER,
        /** Whoever calls {@code SnapshotService.sweep}. */
        SWEEP
    }

    /** What is done about volumes that were cloned from a snapshot that is to be removed. */
    public enum Dependents {
        /**
         * It stays as long as there are any. {@code SnapshotService.delete} is refused, naming them, and changes nothing; one whose retention
         * is over cannot be read any more and is removed when the last of them is gone.
         */
        REFUSE,
        /** They get what they need of it copied, within the block storage, and then depend on nothing. Takes time and room. */
        FLATTEN
    }

    private static final long LEAST_MEMORY = 8L << 20;
    private static final Duration DAY = Duration.ofDays(1);

    public ServiceSettings {
        within("captures at once", capturesAtOnce, 1, 1024);
        within("transfers at once", transfersAtOnce, 1, 64);
        within("encoders per transfer", encodersPerTransfer, 1, 256);
        within("uploads per transfer", uploadsPerTransfer, 1, 64);
        within("part size in bytes", partSize, 64 << 10, 1 << 30);
        within("memory in bytes", memory, LEAST_MEMORY, Long.MAX_VALUE);
        within("lease", leaseTtl, Duration.ofSeconds(1), Duration.ofHours(1));
        within("freeze deadline", freezeDeadline, Duration.ofMillis(100), Duration.ofMinutes(10));
        within("stop grace", stopGrace, Duration.ZERO, DAY);
        within("stall limit", stallLimit, Duration.ofMillis(100), DAY);
        within("bandwidth in bytes per second", bandwidth.orElse(LEAST_BANDWIDTH), LEAST_BANDWIDTH, Long.MAX_VALUE);
        within("poll", poll, Duration.ofMillis(10), Duration.ofHours(1));
        within("region patience", regionPatience, Duration.ZERO, DAY);
        within("orphan age", orphanAge, Duration.ZERO, Duration.ofDays(36_500));
        within("most older objects", mostOlderObjects, 0, 1000);
        keptOrphanAge.ifPresent(age -> within("kept orphan age", age, Duration.ZERO, Duration.ofDays(36_500)));
    }

    /** Every default; see {@link Builder}. */
    public static ServiceSettings ofDefaults() {
        return builder().build();
    }

    /** A builder with every default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects settings. Not safe for use by several threads. */
    public static final class Builder {
        private int capturesAtOnce = 32;
        private int transfersAtOnce = 2;
        private int encodersPerTransfer =
                Math.max(1, Math.min(256, Runtime.getRuntime().availableProcessors()));
        private int uploadsPerTransfer = 4;
        private int partSize = 8 << 20;
        private long memory = 256L << 20;
        private Duration leaseTtl = Duration.ofSeconds(15);
        private Duration freezeDeadline = Duration.ofSeconds(10);
        private Duration stopGrace = Duration.ofSeconds(60);
        private Duration stallLimit = Duration.ofMinutes(5);
        private Duration orphanAge = Duration.ofDays(7);
        private RetryPolicy retries = RetryPolicy.ofDefaults();
        private OptionalLong bandwidth = OptionalLong.empty();
        private AfterCapture afterCapture = AfterCapture.TRANSFER;
        private Interrupted interrupted = Interrupted.RESUME;
        private Expiry expiry = Expiry.TIMER;
        private ConcurrencyLimits limits = ConcurrencyLimits.none();
        private Worker worker = Worker.OWN;
        private Duration poll = Duration.ofSeconds(1);
        private Placement placement = Placement.home();
        private ResidencyPolicy residency = ResidencyPolicy.none();
        private Duration regionPatience = Duration.ofSeconds(10);
        private Dependents dependents = Dependents.REFUSE;
        private Optional<Duration> keptOrphanAge = Optional.empty();
        private int mostOlderObjects = 16;

        private Builder() {}

        /** 32 by default. */
        public Builder capturesAtOnce(int value) {
            capturesAtOnce = value;
            return this;
        }

        /** 2 by default. */
        public Builder transfersAtOnce(int value) {
            transfersAtOnce = value;
            return this;
        }

        /** One per processor by default. */
        public Builder encodersPerTransfer(int value) {
            encodersPerTransfer = value;
            return this;
        }

        /** 4 by default. */
        public Builder uploadsPerTransfer(int value) {
            uploadsPerTransfer = value;
            return this;
        }

        /** 8 MiB by default. */
        public Builder partSize(int bytes) {
            partSize = bytes;
            return this;
        }

        /** 256 MiB by default. */
        public Builder memory(long bytes) {
            memory = bytes;
            return this;
        }

        /** 15 s by default. */
        public Builder leaseTtl(Duration value) {
            leaseTtl = value;
            return this;
        }

        /** 10 s by default. */
        public Builder freezeDeadline(Duration value) {
            freezeDeadline = value;
            return this;
        }

        /** 60 s by default. */
        public Builder stopGrace(Duration value) {
            stopGrace = value;
            return this;
        }

        /** 5 min by default. */
        public Builder stallLimit(Duration value) {
            stallLimit = value;
            return this;
        }

        /** 7 days by default. */
        public Builder orphanAge(Duration value) {
            orphanAge = value;
            return this;
        }

        public Builder retries(RetryPolicy value) {
            retries = value;
            return this;
        }

        /** Unlimited by default. */
        public Builder bandwidth(long bytesPerSecond) {
            bandwidth = OptionalLong.of(bytesPerSecond);
            return this;
        }

        /** {@link AfterCapture#TRANSFER} by default. */
        public Builder afterCapture(AfterCapture value) {
            afterCapture = value;
            return this;
        }

        /** {@link Interrupted#RESUME} by default. */
        public Builder interrupted(Interrupted value) {
            interrupted = value;
            return this;
        }

        /** {@link Expiry#TIMER} by default. */
        public Builder expiry(Expiry value) {
            expiry = value;
            return this;
        }

        /** {@link ConcurrencyLimits#none()} by default. */
        public Builder limits(ConcurrencyLimits value) {
            limits = value;
            return this;
        }

        /** {@link Worker#OWN} by default. */
        public Builder worker(Worker value) {
            worker = value;
            return this;
        }

        /** 1 s by default. */
        public Builder poll(Duration value) {
            poll = value;
            return this;
        }

        /** {@link Placement#home()} by default. */
        public Builder placement(Placement value) {
            placement = value;
            return this;
        }

        /** {@link ResidencyPolicy#none()} by default. */
        public Builder residency(ResidencyPolicy value) {
            residency = value;
            return this;
        }

        /** 10 s by default. */
        public Builder regionPatience(Duration value) {
            regionPatience = value;
            return this;
        }

        /** {@link Dependents#REFUSE} by default. */
        public Builder dependents(Dependents value) {
            dependents = value;
            return this;
        }

        /** None by default: what no record knows is told, and stays. */
        public Builder keptOrphanAge(Duration value) {
            keptOrphanAge = Optional.of(value);
            return this;
        }

        /** 16 by default. */
        public Builder mostOlderObjects(int value) {
            mostOlderObjects = value;
            return this;
        }

        /**
         * The settings.
         *
         * @throws SnapshotException INVALID if a value is out of its range, naming both
         */
        public ServiceSettings build() {
            return new ServiceSettings(
                    capturesAtOnce,
                    transfersAtOnce,
                    encodersPerTransfer,
                    uploadsPerTransfer,
                    partSize,
                    memory,
                    leaseTtl,
                    freezeDeadline,
                    stopGrace,
                    stallLimit,
                    orphanAge,
                    retries,
                    bandwidth,
                    afterCapture,
                    interrupted,
                    expiry,
                    limits,
                    worker,
                    poll,
                    placement,
                    residency,
                    regionPatience,
                    dependents,
                    keptOrphanAge,
                    mostOlderObjects);
        }
    }

    private static <T extends Comparable<T>> void within(String what, T value, T least, T most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw SnapshotException.invalid(what + " must be " + least + " to " + most + ", got " + value);
        }
    }
}
