package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes one call in each of several regions at the same time, so that none waits for another. Once one of them has come back well, the
 * others have only so much time left: their calls may still take effect later, and their regions are looked at before anything is done
 * again there. A single region's call is made in the caller's thread, however long it takes.
 */
final class RegionCalls {
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Function<Region, Executor> threads;
    private final Duration patience;

    RegionCalls(Function<Region, Executor> threads, Duration patience) {
        this.threads = threads;
        this.patience = patience;
    }

    /**
     * What came of a region's call: a value or a failure.
     *
     * @param <T> of values
     */
    record Outcome<T>(Region region, Optional<T> value, Optional<Throwable> failure) {
        boolean isGood() {
            return value.isPresent();
        }

        /** Why it failed, for a person. */
        String why() {
            return failure.map(RegionCalls::reason).orElse("");
        }
    }

    /** One region's call, which is settled once. */
    private record Call<T>(Region region, AtomicReference<@Nullable Outcome<T>> settled) {
        Call(Region region) {
            this(region, new AtomicReference<>());
        }

        boolean settle(Outcome<T> outcome) {
            return settled.compareAndSet(null, outcome);
        }

        boolean isOpen() {
            return settled.get() == null;
        }
    }

    /**
     * Makes the calls.
     *
     * @param call never gives null
     * @return one for each region, in their order; a region that was left behind has a TRANSIENT failure
     * @throws SnapshotException CANCELLED
     */
    <T> List<Outcome<T>> run(String what, List<Region> regions, Cancellation cancellation, Function<Region, T> call) {
        return run(what, regions, cancellation, call, late -> {});
    }

    /** @param ifLate gets what a call gives that nobody waits for any more */
    <T> List<Outcome<T>> run(
            String what,
            List<Region> regions,
            Cancellation cancellation,
            Function<Region, T> call,
            Consumer<T> ifLate) {
        return run(what, regions, cancellation, patience, call, ifLate);
    }

    /**
     * Makes calls that should not come late: what another one stores in the region meanwhile would be taken away again.
     *
     * @param limit how long after another region's a call may take before its region is left behind all the same
     */
    <T> List<Outcome<T>> runWithin(
            Duration limit, String what, List<Region> regions, Cancellation cancellation, Function<Region, T> call) {
        return run(what, regions, cancellation, limit, call, late -> {});
    }

    private <T> List<Outcome<T>> run(
            String what,
            List<Region> regions,
            Cancellation cancellation,
            Duration patience,
            Function<Region, T> call,
            Consumer<T> ifLate) {
        if (regions.size() == 1) {
            return List.of(outcome(regions.get(0), call));
        }
        Signal settled = new Signal();
        List<Call<T>> calls = regions.stream().map(Call<T>::new).toList();
        calls.forEach(one -> threads.apply(one.region()).execute(() -> {
            Outcome<T> outcome = outcome(one.region(), call);
            if (!one.settle(outcome)) {
                outcome.value().ifPresent(ifLate);
            }
            settled.raise();
        }));
        try {
            await(what, calls, settled, patience, cancellation);
        } catch (RuntimeException | Error e) {
            calls.forEach(one -> one.settle(failed(one.region(), e)));
            throw e;
        }
        List<Outcome<T>> outcomes = new ArrayList<>();
        for (Call<T> one : calls) {
            outcomes.add(Optional.ofNullable(one.settled().get()).orElseThrow());
        }
        return outcomes;
    }

    /** The failure of a call, for those that have no other region to go on with. */
    static RuntimeException failure(List<? extends Outcome<?>> outcomes) {
        Throwable first = outcomes.stream()
                .flatMap(outcome -> outcome.failure().stream())
                .findFirst()
                .orElseThrow();
        return thrown(first);
    }

    /** To be thrown by the caller; an error is thrown here. */
    static RuntimeException thrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException e ? e : SnapshotException.permanent(failure.toString(), failure);
    }

    static String reason(Throwable failure) {
        return failure instanceof SnapshotException ? String.valueOf(failure.getMessage()) : failure.toString();
    }

    private <T> void await(
            String what, List<Call<T>> calls, Signal settled, Duration patience, Cancellation cancellation) {
        long since = 0;
        boolean counting = false;
        while (calls.stream().anyMatch(Call::isOpen)) {
            cancellation.check();
            if (!counting && calls.stream().anyMatch(RegionCalls::isGood)) {
                since = System.nanoTime();
                counting = true;
            }
            long left = counting ? patience.toNanos() - (System.nanoTime() - since) : LOOK_AGAIN_NANOS;
            if (left <= 0) {
                calls.forEach(one -> one.settle(late(one.region(), what)));
                return;
            }
            settled.await(Math.min(left, LOOK_AGAIN_NANOS));
        }
    }

    private static boolean isGood(Call<?> call) {
        Outcome<?> outcome = call.settled().get();
        return outcome != null && outcome.isGood();
    }

    private <T> Outcome<T> late(Region region, String what) {
        return failed(
                region,
                SnapshotException.transientFault(
                        what + " in region " + region.name() + " was not done " + patience.toMillis()
                                + " ms after another region's",
                        null));
    }

    private static <T> Outcome<T> failed(Region region, Throwable e) {
        return new Outcome<>(region, Optional.empty(), Optional.of(e));
    }

    private static <T> Outcome<T> outcome(Region region, Function<Region, T> call) {
        try {
            return new Outcome<>(region, Optional.of(call.apply(region)), Optional.empty());
        } catch (RuntimeException | Error e) {
            return failed(region, e);
        }
    }
}
