package io.stillframe.examples.cli;

import io.stillframe.model.SnapshotException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The tool's front door: builds the tree of commands, runs one, and turns what it throws into one line and an exit code: 0 done, 1
 * failed, 2 usage.
 */
@Command(
        name = "stillframe",
        description = "Snapshots of virtual machines: capture, store, keep, launch.",
        versionProvider = VersionProvider.class,
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "Sizes are digits and K, M, G or T, 1024-based (20G); durations digits and ms, s, m or h (60s).",
            "Exit codes: 0 done, 1 failed, 2 usage."
        })
public final class Stillframe {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    /** Read by slf4j-simple when the first logger is made. */
    private static final String LOG_LEVEL_PROPERTY = "org.slf4j.simpleLogger.defaultLogLevel";

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Logs what happens, and shows where an error came from.")
    private boolean verbose;

    private final Console console;

    Stillframe(Console console) {
        this.console = console;
    }

    /** Runs the tool and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(new Stillframe(Console.ofProcess()).run(args));
    }

    /** Runs one command line. */
    int run(String... args) {
        return tree(args).execute(args);
    }

    /** The commands; only the one that is called if the line begins with it, because making them all takes longer than many a call. */
    private CommandLine tree(String... args) {
        Map<String, Supplier<CommandLine>> commands = commands(args);
        CommandLine tree = new CommandLine(this);
        keepCalled(commands, 0, args);
        commands.values().forEach(command -> tree.addSubcommand(command.get()));
        return tree.setOut(writer(console.out()))
                .setErr(writer(console.err()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(this::execute)
                .setParameterExceptionHandler(this::misused)
                .setExecutionExceptionHandler(this::failed);
    }

    /** By their names, in the order in which the help shows them. */
    private Map<String, Supplier<CommandLine>> commands(String... args) {
        Map<String, Supplier<CommandLine>> commands = new LinkedHashMap<>();
        commands.put("snapshot", () -> snapshots(args));
        commands.put("launch", () -> new CommandLine(new Launch(console)));
        commands.put(
                "image",
                () -> new CommandLine(new ImageCommands())
                        .addSubcommand(new ImageInfoShow(console))
                        .addSubcommand(new ImageConvert(console))
                        .addSubcommand(new ImageVerify(console))
                        .addSubcommand(new PackVerify(console))
                        .addSubcommand(new ImageMap(console)));
        commands.put("store", () -> new CommandLine(new StoreCommands()).addSubcommand(new StoreProbe(console)));
        commands.put(
                "region",
                () -> new CommandLine(new RegionCommands())
                        .addSubcommand(new RegionFill(console))
                        .addSubcommand(new RegionDrain(console))
                        .addSubcommand(new RegionForget(console)));
        commands.put(
                "catalog", () -> new CommandLine(new CatalogCommands()).addSubcommand(new CatalogRebuild(console)));
        commands.put("recover", () -> new CommandLine(new Recover(console)));
        commands.put("sweep", () -> new CommandLine(new Sweep(console)));
        commands.put("worker", () -> new CommandLine(new Worker(console)));
        return commands;
    }

    private CommandLine snapshots(String... args) {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("create", () -> new SnapshotCreate(console));
        commands.put("list", () -> new SnapshotList(console));
        commands.put("show", () -> new SnapshotShow(console));
        commands.put("delete", () -> new SnapshotDelete(console));
        commands.put("cancel", () -> new SnapshotCancel(console));
        commands.put("retain", () -> new SnapshotRetain(console));
        commands.put("copy", () -> new SnapshotCopy(console));
        commands.put("repair", () -> new SnapshotRepair(console));
        commands.put("export", () -> new SnapshotExport(console));
        CommandLine tree = new CommandLine(new SnapshotCommands());
        keepCalled(commands, 1, args);
        commands.values().forEach(command -> tree.addSubcommand(command.get()));
        return tree;
    }

    /** Only the command that the line names at this place, if it does. */
    private static void keepCalled(Map<String, ?> commands, int place, String... args) {
        if (args.length > place && commands.containsKey(args[place])) {
            commands.keySet().retainAll(Set.of(args[place]));
        }
    }

    private int execute(ParseResult parsed) {
        if (verbose) {
            System.setProperty(LOG_LEVEL_PROPERTY, "debug");
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private int misused(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        console.complain(e.getMessage() + suggestion(e) + " (see "
                + command.getCommandSpec().qualifiedName() + " --help)");
        return USAGE;
    }

    private static String suggestion(ParameterException e) {
        List<String> similar =
                e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        return similar.isEmpty() ? "" : "; did you mean " + similar.get(0) + "?";
    }

    private int failed(Exception e, CommandLine command, ParseResult parsed) {
        if (verbose) {
            e.printStackTrace(console.err());
        }
        if (e instanceof UsageException) {
            console.complain(
                    e.getMessage() + " (see " + command.getCommandSpec().qualifiedName() + " --help)");
            return USAGE;
        }
        console.complain(e instanceof SnapshotException known ? explained(known) : unexpected(e));
        return FAILED;
    }

    private static String explained(SnapshotException e) {
        String message = String.valueOf(e.getMessage());
        return e.retryable() ? message + " (" + lower(e.kind()) + ": trying again can help)" : message;
    }

    private static String unexpected(Exception e) {
        return "unexpected " + e.getClass().getSimpleName() + ": " + e.getMessage()
                + " (run it again with --verbose and report what it prints)";
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, StandardCharsets.UTF_8);
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
