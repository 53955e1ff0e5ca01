package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results.Bar;
import java.util.List;

/**
 * The contests about object stores. Servers and credentials come by the environment that {@code stores.sh} sets, for each tool in its
 * own way, {@code REPOSITORY} is the checkout's directory; {@code LAB} is rclone's name of the S3 server.
 */
final class StoreSuite {
    static final long STREAM = 2L << 30;

    /** What a processor without SHA instructions makes of it: the client signs the payload, ours sums up with CRC-32C or MD5. */
    private static final String SOFTWARE_SHA = "AWS SDK's synchronous client, no SHA instructions";

    private static final String PACKAGE = "io.stillframe.benchmarks.stores.";
    /** What parts (6 of 8 MiB) and connections (4) take by the documents, and a heap that nothing but small objects need. */
    static final String STREAM_MEMORY = "-Xmx64m -XX:MaxDirectMemorySize=64m";

    /** Moving bytes needs no optimizing compiler; digests, which Swift asks for, do: their instructions are that compiler's. */
    private static final String PLAIN = " -XX:TieredStopAtLevel=1";

    /** What the tool's start script says, and the archive of classes that it made. */
    private static final String TOOL_OPTIONS =
            "-XX:+UseSerialGC -Xmx192m -XX:MaxDirectMemorySize=320m -XX:Tier4InvocationThreshold=30000"
                    + " -XX:Tier4MinInvocationThreshold=3000 -XX:Tier4CompileThreshold=60000 $STILLFRAME_JAVA_OPTS %1$s"
                    + " -XX:SharedArchiveFile=$(ls -t %2$s/target/classes.archive/*.jsa | head -n 1) -cp %2$s/target/stillframe.jar:%3$s ";

    private static final String JAR = "$REPOSITORY/benchmarks/target/benchmarks.jar";

    private final long stream;

    /** @param stream bytes of the stream, at most the data of the disk */
    StoreSuite(long stream) {
        this.stream = stream;
    }

    List<Contest> contests() {
        return List.of(streams(), snapshots());
    }

    Contest streams() {
        return new Contest(
                "A stream of unknown length to object stores",
                List.of(
                        upload(
                                "stillframe to S3",
                                "java",
                                asTool(STREAM_MEMORY + PLAIN, "StoreUpload") + " \"$BENCH_S3\" own",
                                s3("own")),
                        upload("rclone rcat to S3", "rclone", "rclone rcat LAB:$BENCH_BUCKET/peer", s3("peer")),
                        upload(
                                "AWS SDK's synchronous client",
                                "java",
                                program("", "SyncClientUpload")
                                        + " \"$BENCH_ENDPOINT\" \"$AWS_REGION\" $BENCH_BUCKET sync",
                                s3("sync")),
                        upload(
                                SOFTWARE_SHA,
                                "java",
                                program("-XX:-UseSHA", "SyncClientUpload")
                                        + " \"$BENCH_ENDPOINT\" \"$AWS_REGION\" $BENCH_BUCKET sync",
                                s3("sync")),
                        upload(
                                "aws s3 cp to S3",
                                "aws",
                                "aws s3 cp --quiet --endpoint-url \"$BENCH_ENDPOINT\" - s3://$BENCH_BUCKET/aws",
                                s3("aws")),
                        upload(
                                "stillframe to Swift",
                                "java",
                                asTool(STREAM_MEMORY, "StoreUpload") + " \"$BENCH_SWIFT\" own",
                                swift("own")),
                        upload(
                                "swift client, from the pipe",
                                "swift",
                                "swift -q upload --use-slo --segment-size 67108864 --object-name pipe $BENCH_CONTAINER -",
                                swift("pipe")),
                        new Contender(
                                "swift client, from a file",
                                List.of("swift"),
                                "swift -q upload --use-slo --segment-size 67108864 --object-name file"
                                        + " $BENCH_CONTAINER stream.bin",
                                "",
                                swift("file"))),
                List.of(
                        new Bar("stillframe to S3", "rclone rcat to S3", 1, 0),
                        Bar.ofProcessor("stillframe to S3", "AWS SDK's synchronous client", 0.5),
                        Bar.ofProcessor("stillframe to S3", SOFTWARE_SHA, 0.5),
                        new Bar("stillframe to Swift", "swift client, from the pipe", 1, 0),
                        new Bar("stillframe to Swift", "swift client, from a file", 1, 0),
                        Bar.ofProcessor("stillframe to Swift", "AWS SDK's synchronous client", 0.5),
                        Bar.ofProcessor("stillframe to Swift", SOFTWARE_SHA, 0.5)));
    }

    private Contender upload(String name, String tool, String command, String verify) {
        return new Contender(name, List.of(tool), "cat stream.bin | " + command, "", verify);
    }

    private String s3(String key) {
        return "rclone cat LAB:$BENCH_BUCKET/" + key + " | cmp - stream.bin && rclone deletefile LAB:$BENCH_BUCKET/"
                + key;
    }

    private String swift(String key) {
        return "swift download -o - $BENCH_CONTAINER " + key + " | cmp - stream.bin";
    }

    private String program(String memory, String name) {
        return "java -XX:+UseSerialGC " + memory + " -cp " + JAR + " " + PACKAGE + name;
    }

    /** With the virtual machine that the tool has. */
    private String asTool(String memory, String name) {
        return "java " + TOOL_OPTIONS.formatted(memory, "$REPOSITORY/examples", JAR) + PACKAGE + name;
    }

    long stream() {
        return stream;
    }

    Contest snapshots() {
        String last = "$(stillframe snapshot list | grep -o '^snap-[0-9a-z]*' | tail -n 1)";
        return new Contest(
                "A snapshot of the disk to S3",
                List.of(
                        new Contender(
                                "core to a null sink",
                                List.of(),
                                asTool("", "NullSink") + " pack disk.raw",
                                "",
                                "true"),
                        new Contender(
                                "stillframe snapshot to S3",
                                List.of(),
                                "stillframe snapshot create --instance disk --wait",
                                "",
                                "stillframe snapshot export " + last
                                        + " own.raw --to raw && cmp disk.raw own.raw && rm own.raw"),
                        new Contender(
                                "qemu-img -c zstd -W -m 16, rclone copyto",
                                List.of("qemu-img", "rclone"),
                                "qemu-img convert -f raw -O qcow2 -W -m 16 -c -o compression_type=zstd disk.raw peer.qcow2"
                                        + " && rclone copyto peer.qcow2 LAB:$BENCH_BUCKET/peer.qcow2",
                                "peer.qcow2",
                                "rclone cat LAB:$BENCH_BUCKET/peer.qcow2 | cmp - peer.qcow2"
                                        + " && qemu-img compare -q -f raw -F qcow2 disk.raw peer.qcow2")),
                List.of(
                        Bar.ofProcessor("stillframe snapshot to S3", "core to a null sink", 1.3),
                        new Bar("stillframe snapshot to S3", "qemu-img -c zstd -W -m 16, rclone copyto", 1.5, 0)));
    }
}
