package io.stillframe.benchmarks.compare;

import java.util.List;

/**
 * One side of a comparison.
 *
 * @param name what it is
 * @param needs programs, files, {@code codec:NAME} and {@code option:NAME} of {@code image convert}, without which it is reported as
 *     absent
 * @param command as typed, in the directory with the disk; writes one file or an object in a store
 * @param output the file that it writes, removed before each run; empty if it writes none
 * @param verify a command that succeeds only if what was written is right
 */
record Contender(String name, List<String> needs, String command, String output, String verify) {}
