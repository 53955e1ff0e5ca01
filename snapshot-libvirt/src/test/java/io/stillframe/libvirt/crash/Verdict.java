package io.stillframe.libvirt.crash;

import java.util.List;

/**
 * What was found when a case was over.
 *
 * @param point where and what was killed
 * @param killed whether the point was reached
 * @param guest how the guest is, {@code running} if all is well
 * @param chain {@code as before} if all is well
 * @param status the snapshot's, or {@code none}
 * @param content how it was proven; empty if nothing is stored
 * @param leftovers everything that ought not to be there any more
 * @param recovery what recovery did
 * @param millis how long the case took
 */
record Verdict(
        String point,
        boolean killed,
        String guest,
        String chain,
        String status,
        String content,
        List<String> leftovers,
        String recovery,
        long millis) {
    static final String RUNNING = "running";
    static final String AS_BEFORE = "as before";

    boolean good() {
        return guest.equals(RUNNING) && chain.equals(AS_BEFORE) && !content.startsWith("WRONG") && leftovers.isEmpty();
    }

    static String tableHead() {
        return "| point | reached | guest | chain | snapshot | content | left over | recovery | s |\n"
                + "|---|---|---|---|---|---|---|---|---|";
    }

    String row() {
        return String.format(
                "| %s | %s | %s | %s | %s | %s | %s | %s | %.1f |",
                point,
                killed ? "yes" : "no",
                guest,
                chain,
                status,
                content.isEmpty() ? "-" : content,
                leftovers.isEmpty() ? "nothing" : leftovers,
                recovery,
                millis / 1000.0);
    }
}
