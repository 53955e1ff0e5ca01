package io.stillframe.benchmarks.compare;

import java.util.List;

/**
 * One side of a comparison.
 *
 * @param name what it is
 * @param needs programs and {@code codec:NAME}s without which it is reported as absent
 * @param command as typed, in the directory with the disk; writes {@code output}
 * @param output the file that it writes; removed before each run
 * @param verify a command that succeeds only if {@code output} is right
 * @param input whether it is given the whole disk or the data in it alone
 */
record Contender(String name, List<String> needs, String command, String output, String verify, Input input) {
    enum Input {
        DISK,
        DATA
    }
}
