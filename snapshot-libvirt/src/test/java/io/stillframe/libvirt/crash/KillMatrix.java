package io.stillframe.libvirt.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** Kills an engine as ordered and judges what another one makes of it. */
final class KillMatrix {
    private static final int PROVEN_EVERY = 25;

    private KillMatrix() {}

    /** At one place. */
    static void runOne(CrashBench bench, Order order) {
        Verdict verdict = bench.run(order, Harm.NONE);

        assertThat(verdict.killed()).as(verdict.row()).isTrue();
        assertThat(verdict.good()).as(verdict.row()).isTrue();
    }

    /** At one after the other; prints a table. */
    static void run(CrashBench bench, List<Order> orders) {
        List<Verdict> verdicts = new ArrayList<>();
        System.out.println(Verdict.tableHead());
        for (Order order : orders) {
            Verdict verdict = bench.run(order, Harm.NONE);
            System.out.println(verdict.row());
            verdicts.add(verdict);
            if (verdicts.size() % PROVEN_EVERY == 0) {
                bench.proveDisks();
            }
        }
        bench.proveDisks();
        assertThat(verdicts).isNotEmpty();
        assertThat(verdicts.stream().filter(verdict -> !verdict.good()).map(Verdict::row))
                .isEmpty();
    }
}
