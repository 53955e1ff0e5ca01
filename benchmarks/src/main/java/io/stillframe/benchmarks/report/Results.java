package io.stillframe.benchmarks.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that one call measured. What {@link RecordJson} writes and reads.
 *
 * @param machine what it ran on
 * @param disk what was converted
 * @param comparisons whole conversions beside those of other tools
 * @param ladder codecs at their levels
 * @param pieces scores of the JMH benchmarks; empty if they were not run
 */
public record Results(
        Map<String, String> machine,
        Map<String, String> disk,
        List<Comparison> comparisons,
        List<Step> ladder,
        List<Piece> pieces) {
    /** The fact of a machine that changes by the minute. */
    public static final String LOAD = "load before";

    /**
     * These results with what was measured anew: comparisons of the same title are replaced, others added, ladder and pieces kept if
     * {@code newer} has none.
     *
     * @throws IllegalArgumentException if they contradict each other about machine or disk
     */
    public Results updated(Results newer) {
        if (contradict(machine, newer.machine) || contradict(disk, newer.disk)) {
            throw new IllegalArgumentException("there are results of another machine or disk under this name: "
                    + machine + ", " + disk + "; choose another name or remove them");
        }
        Map<String, Comparison> all = new LinkedHashMap<>();
        comparisons.forEach(each -> all.put(each.title(), each));
        newer.comparisons.forEach(each -> all.put(each.title(), each));
        Map<String, String> facts = new LinkedHashMap<>(newer.machine);
        facts.putAll(machine);
        return new Results(
                facts,
                disk,
                List.copyOf(all.values()),
                newer.ladder.isEmpty() ? ladder : newer.ladder,
                newer.pieces.isEmpty() ? pieces : newer.pieces);
    }

    /** Each kind of measurement has facts of its own. */
    private static boolean contradict(Map<String, String> facts, Map<String, String> others) {
        return facts.entrySet().stream()
                .filter(fact -> !fact.getKey().equals(LOAD))
                .anyMatch(fact ->
                        !others.getOrDefault(fact.getKey(), fact.getValue()).equals(fact.getValue()));
    }

    /**
     * Commands that do the same, run in turn.
     *
     * @param title what they do
     * @param sides the commands
     * @param bars what was to be reached
     */
    public record Comparison(String title, List<Side> sides, List<Bar> bars) {
        /** The side of that name; none if it was absent. */
        public List<Run> runs(String name) {
            return sides.stream()
                    .filter(side -> side.name().equals(name))
                    .findFirst()
                    .map(Side::runs)
                    .orElse(List.of());
        }
    }

    /**
     * One command.
     *
     * @param name what it is
     * @param command as typed, in the directory with the disk
     * @param state {@code verified}, or why there is no figure
     * @param inputBytes data that it turned over
     * @param outputBytes what it wrote
     * @param runs in order; a round's runs of all sides have the same index
     */
    public record Side(String name, String command, String state, long inputBytes, long outputBytes, List<Run> runs) {}

    /**
     * One run of a command.
     *
     * @param wall seconds from start to end
     * @param user processor seconds of all its processes
     * @param system processor seconds in the kernel for them
     * @param residentBytes most memory that they had
     */
    public record Run(double wall, double user, double system, long residentBytes) {
        public double processor() {
            return user + system;
        }
    }

    /**
     * A figure to be reached.
     *
     * @param own the side that is to be fast
     * @param peer what it is compared with
     * @param speed how many times as fast as the peer it must be; 0 for no limit
     * @param size how many times the peer's output its own may be; 0 for no limit
     * @param processor how many times the peer's processor time its own may be; 0 for no limit
     */
    public record Bar(String own, String peer, double speed, double size, double processor) {
        /** Of speed and size. */
        public Bar(String own, String peer, double speed, double size) {
            this(own, peer, speed, size, 0);
        }

        /** Of processor time alone. */
        public static Bar ofProcessor(String own, String peer, double processor) {
            return new Bar(own, peer, 0, 0, processor);
        }
    }

    /**
     * One codec at one level, in memory.
     *
     * @param codec its name
     * @param compression algorithm and level
     * @param ratio data bytes for each stored byte
     * @param encode data bytes a second, all threads
     * @param encodeOne data bytes a second, one thread
     * @param decode data bytes a second, all threads; 0 if the codec cannot be read
     */
    public record Step(
            String codec, String compression, double ratio, double encode, double encodeOne, double decode) {}

    /**
     * A JMH score.
     *
     * @param benchmark its name
     * @param parameters name and value
     * @param score in {@code unit}
     * @param error half of the confidence interval
     * @param unit as JMH names it
     */
    public record Piece(String benchmark, Map<String, String> parameters, double score, double error, String unit) {}
}
