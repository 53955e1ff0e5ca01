package io.stillframe.examples.cli;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.Consumer;

/**
 * Does what calls of the tool mostly do, so that a Java virtual machine can archive the classes that they take: {@code Rehearsal
 * DIRECTORY}. Snapshots are of a small disk in that directory; the clients of S3 and Swift talk to {@link AgreeableServer}. What comes of
 * it does not matter.
 */
public final class Rehearsal {
    private static final long LONGEST_MILLIS = 60_000;
    private static final int DISK_SIZE = 8 << 20;
    private static final int DATA = 3 << 20;
    private static final int PART = 8 << 20;

    private static final ObjectKey KEY = ObjectKey.of("rehearsal");
    private static final ObjectKey MISSING = ObjectKey.of(AgreeableServer.MISSING);

    private final Path directory;
    private final Map<String, String> environment;

    private Rehearsal(Path directory) {
        this.directory = directory;
        this.environment = Map.of(
                Places.HYPERVISOR_VARIABLE, "images://" + directory,
                Places.STORE_VARIABLE, "file://" + directory.resolve("store"));
    }

    /** The directory that everything is written to; the caller removes it. */
    public static void main(String[] arguments) throws IOException {
        endAtLast();
        Rehearsal rehearsal = new Rehearsal(Path.of(arguments[0]).toAbsolutePath());
        rehearsal.makeInstance();
        rehearsal.run();
        System.exit(0);
    }

    /** Somebody waits for this process. */
    private static void endAtLast() {
        new Timer(true)
                .schedule(
                        new TimerTask() {
                            @Override
                            public void run() {
                                Runtime.getRuntime().halt(1);
                            }
                        },
                        LONGEST_MILLIS);
    }

    private void makeInstance() throws IOException {
        Path home = Files.createDirectories(directory.resolve("rehearsal"));
        Files.writeString(home.resolve("instance.json"), """
                {"version": 1, "id": "rehearsal-1", "name": "rehearsal",
                 "disks": [{"device": "vda", "role": "root", "file": "disk.raw", "format": "raw"}]}
                """);
        byte[] data = new byte[DATA];
        new Random(1).nextBytes(data);
        try (RandomAccessFile disk = new RandomAccessFile(disk().toFile(), "rw")) {
            disk.setLength(DISK_SIZE);
            disk.write(data);
        }
    }

    private Path disk() {
        return directory.resolve("rehearsal").resolve("disk.raw");
    }

    private void run() throws IOException {
        tool("snapshot", "create", "--instance", "rehearsal", "--wait");
        tool("snapshot", "list");
        tool(
                "image",
                "convert",
                disk().toString(),
                directory.resolve("disk.qcow2") + "",
                "--from",
                "raw",
                "--to",
                "qcow2");
        try (AgreeableServer server = AgreeableServer.start()) {
            URI s3 = URI.create("s3://bucket?region=us-east-1&endpoint=" + server.uri());
            asFarAsItGoes(() -> talk(s3));
            URI swift = URI.create("swift://container?auth-url=" + server.uri() + "/auth/v1.0");
            asFarAsItGoes(() -> talk(swift));
        }
    }

    private void tool(String... arguments) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        Console console = new Console(
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                nowhere,
                nowhere,
                OptionalInt.empty(),
                environment);
        int unused = new Stillframe(console).run(arguments);
    }

    private static void talk(URI place) {
        try (ObjectStore store = Plugins.store(place)) {
            List<Consumer<ObjectStore>> talks = List.of(
                    ObjectStore::probe,
                    Rehearsal::send,
                    Rehearsal::abort,
                    each -> each.put(KEY, ByteBuffer.allocate(1), PublishMode.REPLACE, UploadOptions.ofDefaults()),
                    each -> each.put(
                            KEY, ByteBuffer.allocate(1), PublishMode.CREATE_IF_ABSENT, UploadOptions.ofDefaults()),
                    each -> each.stat(KEY),
                    each -> each.stat(MISSING),
                    each -> read(each, KEY),
                    each -> read(each, MISSING),
                    each -> each.list("", Optional.empty(), 1),
                    each -> each.listUploads("", Optional.empty(), 1),
                    each -> each.delete(List.of(KEY)));
            talks.forEach(each -> asFarAsItGoes(() -> each.accept(store)));
        }
    }

    private static void send(ObjectStore store) {
        try (UploadSession session = begin(store)) {
            PartReceipt part = session.putPart(1, ByteBuffer.allocateDirect(PART));
            session.complete(List.of(part), PublishMode.REPLACE);
        }
    }

    private static void abort(ObjectStore store) {
        try (UploadSession session = begin(store)) {
            List<PartReceipt> unused = session.arrived();
        }
    }

    private static UploadSession begin(ObjectStore store) {
        return store.beginUpload(KEY, PartLayout.fixed(PART), UploadOptions.ofDefaults());
    }

    private static void read(ObjectStore store, ObjectKey key) {
        try (ByteSource source = store.open(key)) {
            source.read(0, ByteBuffer.allocate(1));
        }
    }

    /** The server's answers are not what a client expects everywhere. */
    private static void asFarAsItGoes(Runnable call) {
        try {
            call.run();
        } catch (SnapshotException e) {
            // Its classes have been loaded.
        }
    }
}
