package io.stillframe.libvirt.crash;

import io.stillframe.libvirt.crash.Order.Act;
import io.stillframe.testing.CallPoint;
import io.stillframe.testing.CallPoint.Moment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes orders of what a dry run has passed. */
final class CrashPlan {
    private static final long LONG_CALL_MILLIS = 60;

    private final Work work;
    private final List<Timed> passed;

    CrashPlan(Work work, List<Timed> passed) {
        this.work = work;
        this.passed = passed;
    }

    /** Before and after every call, and twice within those that take long. */
    List<Order> kills() {
        List<Order> orders = new ArrayList<>();
        for (Timed timed : relevant()) {
            orders.add(at(timed.point(), Act.KILL_ENGINE, 0));
            long millis = timed.point().moment() == Moment.BEFORE ? duration(timed) : 0;
            if (millis >= LONG_CALL_MILLIS) {
                orders.add(at(timed.point(), Act.KILL_ENGINE, millis / 3));
                orders.add(at(timed.point(), Act.KILL_ENGINE, millis * 2 / 3));
            }
        }
        return orders;
    }

    /** At every call that is told by {@code act}. */
    List<Order> befores(Act act) {
        return relevant().stream()
                .filter(timed -> timed.point().moment() == Moment.BEFORE)
                .map(timed -> at(timed.point(), act, 0))
                .toList();
    }

    private Order at(CallPoint point, Act act, long delay) {
        return new Order(work, "", Optional.of(point), act, delay);
    }

    private long duration(Timed before) {
        return passed.stream()
                .filter(t -> t.point().moment() == Moment.AFTER
                        && t.point().call().equals(before.point().call())
                        && t.point().occurrence() == before.point().occurrence())
                .map(after -> (after.nanos() - before.nanos()) / 1_000_000)
                .findFirst()
                .orElse(0L);
    }

    /** Of calls that differ by a number only, the first, the second and the last; of those that a timer makes, the first. */
    private List<Timed> relevant() {
        Map<String, Integer> lasts = new HashMap<>();
        Map<String, Integer> counts = new HashMap<>();
        List<Timed> known = passed.stream().skip(triggeredAt()).toList();
        known.forEach(timed -> lasts.merge(kind(timed), 1, Integer::sum));
        List<Timed> kept = new ArrayList<>();
        for (Timed timed : known) {
            int number = counts.merge(kind(timed), 1, Integer::sum);
            boolean byTimer = timed.point().call().matches("(lease|tick): .*");
            if (number == 1 || !byTimer && (number == 2 || number == lasts.get(kind(timed)))) {
                kept.add(timed);
            }
        }
        return kept;
    }

    private static String kind(Timed timed) {
        return timed.point().moment() + timed.point().call().replaceAll(" \\d+$", "");
    }

    /** What comes before a cancellation is the same as without it. */
    private long triggeredAt() {
        if (!work.cancels()) {
            return 0;
        }
        String call =
                work == Work.CANCEL_STOPPING ? "HypervisorDriver.requestShutdown" : "transfer: ObjectStore.beginUpload";
        for (int i = 0; i < passed.size(); i++) {
            if (passed.get(i).point().call().contains(call)) {
                return i;
            }
        }
        throw new AssertionError("the dry run was never cancelled");
    }
}
