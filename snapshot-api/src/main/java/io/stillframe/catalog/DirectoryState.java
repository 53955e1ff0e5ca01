package io.stillframe.catalog;

import io.stillframe.internal.file.DurableFiles;
import io.stillframe.internal.file.FileFaults;
import io.stillframe.internal.file.SafeNames;
import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.internal.json.SealedJson;
import io.stillframe.model.InstanceId;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.Lease;
import io.stillframe.spi.Work;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A catalog's content as files of a directory, in the layout of {@code docs/formats/directory-catalog.md}. Every file is replaced whole
 * or, if it is a journal, appended to. Used under the directory's lock only, which also guards the fields here.
 */
final class DirectoryState implements CatalogState {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryState.class);
    private static final String FORMAT = "stillframe-catalog";
    private static final int VERSION = 2;
    private static final int LARGEST_FILE = 16 << 20;
    private static final String SUFFIX = ".json";
    private static final String TEMPORARY = "new.tmp";

    private final Path root;
    private final Path records;
    private final Path journals;
    private final Path claims;
    private final Path tokens;
    private final Path leases;
    private final Path open;

    /** What the readable records say, without disks; saves reading all of them for every page. */
    private final Map<SnapshotId, Known> known = new HashMap<>();

    private final Set<SnapshotId> reported = new HashSet<>();

    DirectoryState(Path root) {
        this.root = root;
        this.records = root.resolve("records");
        this.journals = root.resolve("journals");
        this.claims = root.resolve("claims");
        this.tokens = root.resolve("tokens");
        this.leases = root.resolve("leases");
        this.open = root.resolve("unfinished");
    }

    /**
     * A snapshot as its file had it.
     *
     * @param snapshot without disks
     * @param work what is left to be done about it
     * @param stamp of the file; empty if the file was so young that a later change could have left the same stamp
     */
    private record Known(Snapshot snapshot, Work work, Optional<Stamp> stamp) {}

    /** By what a file that is replaced whole is told from the one before. */
    private record Stamp(Optional<Object> file, FileTime modified, long size) {
        /** Clocks of file systems move in steps; some are as coarse as two seconds. */
        private static final Duration COARSE = Duration.ofSeconds(3);

        static Stamp of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(
                    Optional.ofNullable(attributes.fileKey()), attributes.lastModifiedTime(), attributes.size());
        }

        boolean isYoung() {
            return modified.toInstant().isAfter(Instant.now().minus(COARSE));
        }
    }

    /** Creates what is missing; UNSUPPORTED if a newer version wrote the directory. */
    void prepare() {
        attempt("prepare the catalog " + root, () -> {
            for (Path directory : List.of(records, journals, claims, tokens, leases, open)) {
                DurableFiles.createDirectory(directory);
            }
            return root;
        });
        Path marker = root.resolve("catalog.json");
        Optional<JsonObject> found = read(marker);
        if (found.filter(in -> in.number("version") == 1).isPresent()) {
            // An older release made no marks; a mark too many does no harm.
            recordNames().forEach(this::mark);
        }
        if (found.isEmpty() || found.get().number("version") < VERSION) {
            write(marker, out -> out.text("format", FORMAT).number("version", VERSION));
        } else if (found.get().number("version") > VERSION) {
            throw SnapshotException.unsupported(marker + ": the catalog has version "
                    + found.get().number("version") + ", this library reads up to " + VERSION
                    + "; use a newer release");
        }
    }

    @Override
    public boolean exists(SnapshotId id) {
        return Files.exists(recordFile(id));
    }

    @Override
    public Optional<CatalogRecord> record(SnapshotId id) {
        Path file = recordFile(id);
        Optional<CatalogRecord> record = text(file)
                .map(text -> RecordJson.readRecord(SealedJson.unseal(text, file.toString()), file.toString()));
        if (record.isPresent() && !record.get().snapshot().id().equals(id)) {
            throw SnapshotException.corrupt(
                    file + ": holds snapshot " + record.get().snapshot().id());
        }
        return record;
    }

    @Override
    public void put(CatalogRecord record) {
        SnapshotId id = record.snapshot().id();
        // A record that is not at rest is never without its mark.
        if (record.work() != Work.NONE) {
            mark(id);
        }
        replace(recordFile(id), SealedJson.seal(RecordJson.write(record)));
        known.remove(id);
        if (record.work() == Work.NONE) {
            unmark(id);
        }
    }

    @Override
    public void remove(SnapshotId id) {
        // The journal first: a journal without its record would never be found again.
        delete(journalFile(id).file());
        delete(recordFile(id));
        known.remove(id);
        unmark(id);
    }

    @Override
    public Collection<Snapshot> snapshots() {
        Set<SnapshotId> present = recordNames();
        known.keySet().retainAll(present);
        present.forEach(this::learn);
        return known.values().stream().map(Known::snapshot).toList();
    }

    @Override
    public Collection<OpenRecord> unfinished() {
        List<OpenRecord> result = new ArrayList<>();
        for (SnapshotId id : names(open, "")) {
            learn(id);
            Known found = known.get(id);
            boolean atRest = found == null ? !exists(id) : found.work() == Work.NONE;
            if (atRest) {
                // Left by an older release, or by a process that died just before it removed the mark.
                unmark(id);
            } else if (found != null) {
                result.add(new OpenRecord(found.snapshot(), found.work()));
            }
        }
        return result;
    }

    @Override
    public Map<String, Long> turns() {
        Map<String, Long> result = new HashMap<>();
        read(turnsFile()).ifPresent(in -> {
            JsonObject tenants = in.object("tenants");
            tenants.names().forEach(key -> result.put(key, tenants.number(key)));
        });
        return result;
    }

    @Override
    public void putTurns(Map<String, Long> turns) {
        write(turnsFile(), out -> out.object("tenants", fields -> new TreeMap<>(turns).forEach(fields::number)));
    }

    private void mark(SnapshotId id) {
        Path mark = open.resolve(id.value());
        if (Files.notExists(mark)) {
            attempt("mark " + id, () -> {
                DurableFiles.replace(mark, open.resolve(TEMPORARY), new byte[0]);
                return mark;
            });
        }
    }

    private void unmark(SnapshotId id) {
        delete(open.resolve(id.value()));
    }

    /** The records that cannot be read, with what is wrong. */
    Map<SnapshotId, String> unreadable() {
        Map<SnapshotId, String> result = new TreeMap<>();
        for (SnapshotId id : recordNames()) {
            problem(id).ifPresent(fault -> result.put(id, String.valueOf(fault.getMessage())));
        }
        return result;
    }

    /** Those of them that may be of an instance. What is known of a file that is as it was tells whose it is, but not that it is whole. */
    List<SnapshotId> unreadable(InstanceId instance) {
        List<SnapshotId> result = new ArrayList<>();
        for (SnapshotId id : recordNames()) {
            learn(id);
            Known found = known.get(id);
            boolean others = found != null && !found.snapshot().instance().id().equals(instance);
            if (!others && exists(id) && problem(id).isPresent()) {
                result.add(id);
            }
        }
        return result;
    }

    @Override
    public Optional<SnapshotId> claimant(String claim) {
        return named(claims, claim, "claim")
                .map(in -> in.converted("snapshot", "a snapshot's identity", SnapshotId::new));
    }

    @Override
    public void claim(String claim, SnapshotId id) {
        write(file(claims, claim), out -> out.text("claim", claim).text("snapshot", id.value()));
    }

    @Override
    public void unclaim(String claim) {
        delete(file(claims, claim));
    }

    @Override
    public Optional<SnapshotId> tokenHolder(String token) {
        return named(tokens, token, "token")
                .map(in -> in.converted("snapshot", "a snapshot's identity", SnapshotId::new));
    }

    @Override
    public void putToken(String token, SnapshotId id) {
        write(file(tokens, token), out -> out.text("token", token).text("snapshot", id.value()));
    }

    @Override
    public void dropToken(String token) {
        delete(file(tokens, token));
    }

    @Override
    public Optional<Lease> lease(String resource) {
        return named(leases, resource, "resource")
                .map(in -> new Lease(resource, in.text("owner"), in.number("epoch"), in.instant("expiresAt")));
    }

    @Override
    public void putLease(Lease lease) {
        write(
                file(leases, lease.resource()),
                out -> out.text("resource", lease.resource())
                        .text("owner", lease.owner())
                        .number("epoch", lease.epoch())
                        .text("expiresAt", lease.expiresAt().toString()));
    }

    @Override
    public void dropLease(String resource) {
        delete(file(leases, resource));
    }

    @Override
    public long epochFloor() {
        return read(epochFile()).map(in -> in.number("floor")).orElse(0L);
    }

    @Override
    public void raiseEpochFloor(long epoch) {
        if (epoch > epochFloor()) {
            write(epochFile(), out -> out.number("floor", epoch));
        }
    }

    @Override
    public List<JournalEntry> journal(SnapshotId id) {
        return attempt("read the journal of " + id, () -> journalFile(id).entries());
    }

    @Override
    public void append(JournalEntry entry) {
        attempt("append to the journal of " + entry.snapshot(), () -> {
            journalFile(entry.snapshot()).append(entry);
            return entry;
        });
    }

    private Set<SnapshotId> recordNames() {
        return names(records, SUFFIX);
    }

    private static Set<SnapshotId> names(Path directory, String suffix) {
        return attempt("list " + directory, () -> {
            Set<SnapshotId> result = new HashSet<>();
            for (Path file : DurableFiles.entries(directory)) {
                identity(file.getFileName().toString(), suffix).ifPresent(result::add);
            }
            return result;
        });
    }

    private void learn(SnapshotId id) {
        Optional<Stamp> stamp = stamp(recordFile(id));
        Known before = known.get(id);
        if (before != null && stamp.isPresent() && before.stamp().equals(stamp)) {
            return;
        }
        known.remove(id);
        Optional<SnapshotException> problem = problem(id);
        if (problem.isPresent() && reported.add(id)) {
            LOG.warn("left out of listings: {}", problem.get().getMessage());
        }
    }

    private Optional<SnapshotException> problem(SnapshotId id) {
        try {
            Optional<Stamp> stamp = stamp(recordFile(id)).filter(s -> !s.isYoung());
            record(id).ifPresent(record -> known.put(id, new Known(indexed(record.snapshot()), record.work(), stamp)));
            return Optional.empty();
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CORRUPT || e.kind() == Kind.UNSUPPORTED) {
                return Optional.of(e);
            }
            throw e;
        }
    }

    private static Snapshot indexed(Snapshot snapshot) {
        return snapshot.toBuilder().disks(List.of()).build();
    }

    private static Optional<Stamp> stamp(Path file) {
        return attempt("look at " + file, () -> {
            try {
                return Optional.of(Stamp.of(file));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            }
        });
    }

    private Path recordFile(SnapshotId id) {
        return records.resolve(id.value() + SUFFIX);
    }

    private JournalFile journalFile(SnapshotId id) {
        return new JournalFile(journals.resolve(id.value() + ".log"), id);
    }

    private Path turnsFile() {
        return root.resolve("turns.json");
    }

    private Path epochFile() {
        return root.resolve("epoch.json");
    }

    private static Path file(Path directory, String text) {
        return directory.resolve(SafeNames.ofText(text) + SUFFIX);
    }

    private static Optional<SnapshotId> identity(String fileName, String suffix) {
        if (!fileName.endsWith(suffix)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new SnapshotId(fileName.substring(0, fileName.length() - suffix.length())));
        } catch (SnapshotException e) {
            return Optional.empty();
        }
    }

    /** The file for a text, which must name that text in {@code field}. */
    private static Optional<JsonObject> named(Path directory, String text, String field) {
        Path file = file(directory, text);
        Optional<JsonObject> found = read(file);
        if (found.isPresent() && !found.get().text(field).equals(text)) {
            throw SnapshotException.corrupt(file + ": is for another " + field + " than '" + text + "'");
        }
        return found;
    }

    private static Optional<JsonObject> read(Path file) {
        return text(file).map(text -> SealedJson.open(text, file.toString()));
    }

    private static Optional<String> text(Path file) {
        return attempt("read " + file, () -> {
            if (Files.notExists(file)) {
                return Optional.empty();
            }
            if (Files.size(file) > LARGEST_FILE) {
                throw SnapshotException.corrupt(file + ": longer than " + LARGEST_FILE + " bytes");
            }
            // One byte is one character; what is no ASCII does not fit its seal.
            return Optional.of(new String(DurableFiles.read(file, LARGEST_FILE), StandardCharsets.ISO_8859_1));
        });
    }

    private static void write(Path file, Consumer<JsonWriter> fields) {
        replace(file, SealedJson.seal(JsonWriter.write(fields)));
    }

    private static void replace(Path file, String text) {
        attempt("write " + file, () -> {
            byte[] content = (text + "\n").getBytes(StandardCharsets.US_ASCII);
            DurableFiles.replace(file, file.resolveSibling(TEMPORARY), content);
            return file;
        });
    }

    private static void delete(Path file) {
        attempt("remove " + file, () -> {
            DurableFiles.delete(file);
            return file;
        });
    }

    private static <T> T attempt(String what, FileWork<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw FileFaults.of("cannot " + what, e);
        }
    }

    @FunctionalInterface
    private interface FileWork<T> {
        T run() throws IOException;
    }
}
