package io.stillframe.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.ByteRange;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.Extent;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.Plugins;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Iterator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Image directories beyond the contracts: import, URIs, hand-written files, and images that change while they are held. */
class ImageDirectoryHypervisorTest {
    @TempDir
    Path directory;

    @TempDir
    Path elsewhere;

    private ImageDirectoryHypervisor hypervisor;
    private Path image;

    @BeforeEach
    void makeAnImage() throws IOException {
        image = elsewhere.resolve("disk with space.img");
        Files.write(image, new byte[3 << 20]);
        hypervisor = ImageDirectoryHypervisor.open(directory);
    }

    @Test
    void importsAnImageWhereItLies() {
        InstanceId id = hypervisor.importImage("web", image, "raw");

        InstanceState state = hypervisor.driver().observe("web");
        assertThat(state.id()).isEqualTo(id);
        assertThat(state.disks()).hasSize(1);
        assertThat(state.disks().get(0).virtualSize()).isEqualTo(3 << 20);
        assertThat(state.disks().get(0).chain()).containsExactly(new ImageLayer(image.toString(), "raw"));
    }

    @Test
    void importsNeitherOverAnotherInstanceNorWhatIsNoImage() {
        hypervisor.importImage("web", image, "raw");

        assertFails(Kind.CONFLICT, "web", () -> hypervisor.importImage("web", image, "raw"));
        assertFails(Kind.UNSUPPORTED, "nosuch", () -> hypervisor.importImage("web2", image, "nosuch"));
        assertFails(
                Kind.PERMANENT, "missing", () -> hypervisor.importImage("web2", elsewhere.resolve("missing"), "raw"));
        assertFails(Kind.PERMANENT, "no regular file", () -> hypervisor.importImage("web2", elsewhere, "raw"));
        assertThat(directory).isDirectoryContaining("glob:**/web").isDirectoryNotContaining("glob:**/.*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../web", ".held", "a/b", "", "-x", "web\u0000"})
    void namesNeverLeadOutOfTheDirectory(String name) {
        assertFails(Kind.INVALID, "name", () -> hypervisor.importImage(name, image, "raw"));
        assertFails(Kind.NOT_FOUND, "no instance", () -> hypervisor.driver().observe(name));
    }

    @Test
    void itsUriOpensItAgain() {
        hypervisor.importImage("web", image, "raw");

        try (Hypervisor again = Plugins.hypervisor(URI.create(hypervisor.uri()))) {
            assertThat(again.uri()).isEqualTo(hypervisor.uri()).startsWith("images:///");
            assertThat(again.driver().observe("web"))
                    .isEqualTo(hypervisor.driver().observe("web"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"images://host/dir", "images:relative", "images:///dir?query=1", "images:///dir#part"})
    void otherUrisAreInvalid(String uri) {
        assertFails(Kind.INVALID, uri, () -> Plugins.hypervisor(URI.create(uri)).close());
    }

    @Test
    void aMissingDirectoryIsNotFound() {
        assertFails(Kind.NOT_FOUND, "nowhere", () -> ImageDirectoryHypervisor.open(directory.resolve("nowhere")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{\"version\": 1}",
                "{\"version\": 1, \"id\": \"x\", \"name\": \"web\", \"disks\": []}",
                "{\"version\": 1, \"id\": \"x\", \"name\": \"other\", \"disks\": [{\"device\": \"vda\", \"role\":"
                        + " \"root\", \"file\": \"a\", \"format\": \"raw\"}]}",
                "{\"version\": 1, \"id\": \"x\", \"name\": \"web\", \"disks\": [{\"device\": \"../vda\", \"role\":"
                        + " \"root\", \"file\": \"a\", \"format\": \"raw\"}]}",
                "{\"version\": 1, \"id\": \"x\", \"name\": \"web\", \"disks\": [{\"device\": \"vda\", \"role\":"
                        + " \"boot\", \"file\": \"a\", \"format\": \"raw\"}]}",
                "{\"version\": 1, \"id\": \"x\", \"name\": \"web\", \"disks\": [{\"device\": \"vda\", \"role\":"
                        + " \"root\", \"file\": \"\", \"format\": \"raw\"}]}"
            })
    void aBrokenInstanceFileIsNamedAndHidesNoOther(String text) throws IOException {
        hypervisor.importImage("other", image, "raw");
        write("web", text);

        assertFails(Kind.CORRUPT, "instance.json", () -> hypervisor.driver().observe("web"));
        assertThat(hypervisor.driver().observe("other").name()).isEqualTo("other");
    }

    @Test
    void aNewerVersionIsUnsupported() throws IOException {
        write("web", "{\"version\": 2}");

        assertFails(Kind.UNSUPPORTED, "version 2", () -> hypervisor.driver().observe("web"));
    }

    @Test
    void aMissingImageIsNoMissingInstance() throws IOException {
        hypervisor.importImage("web", image, "raw");
        Files.delete(image);

        assertFails(Kind.PERMANENT, image.toString(), () -> hypervisor.driver().observe("web"));
    }

    @Test
    void anImageThatChangesIsNoticedAtTheNextRead() throws IOException {
        CapturePlan plan = hold();
        try (BlockSource disk = hypervisor.capture().open(plan, "vda")) {
            disk.read(0, ByteBuffer.allocate(512));

            overwrite();

            assertFails(Kind.CONFLICT, image.toString(), () -> disk.read(512, ByteBuffer.allocate(512)));
        }
        assertFails(
                Kind.CONFLICT,
                image.toString(),
                () -> hypervisor.capture().open(plan, "vda").close());
        hypervisor.capture().release(plan, new Cancellation());
        assertThat(hypervisor.capture().listHeld()).isEmpty();
    }

    @Test
    void anImageThatChangesIsNoticedAtTheEndOfItsExtents() throws IOException {
        CapturePlan plan = hold();
        try (BlockSource disk = hypervisor.capture().open(plan, "vda")) {
            Iterator<Extent> extents = disk.extents(new ByteRange(0, disk.size()));

            overwrite();

            assertFails(Kind.CONFLICT, image.toString(), () -> extents.forEachRemaining(extent -> {}));
        }
    }

    @Test
    void anImageThatIsReplacedIsNoticed() throws IOException {
        CapturePlan plan = hold();
        FileTime modified = Files.getLastModifiedTime(image);
        Path other = elsewhere.resolve("other.img");
        Files.write(other, new byte[3 << 20]);
        Files.setLastModifiedTime(other, modified);
        Files.move(other, image, StandardCopyOption.REPLACE_EXISTING);

        assertFails(
                Kind.CONFLICT,
                image.toString(),
                () -> hypervisor.capture().open(plan, "vda").close());
    }

    @Test
    void aBrokenHoldIsNamed() throws IOException {
        CapturePlan plan = hold();
        Files.writeString(directory.resolve(".held").resolve(plan.snapshot() + ".json"), "{");

        assertFails(
                Kind.CORRUPT,
                plan.snapshot().value(),
                () -> hypervisor.capture().listHeld());
    }

    private CapturePlan hold() {
        hypervisor.importImage("web", image, "raw");
        CapturePlan plan = hypervisor
                .capture()
                .plan(SnapshotId.create(Instant.EPOCH), hypervisor.driver().observe("web"), DiskSelection.root());
        hypervisor.capture().begin(plan);
        return plan;
    }

    private void overwrite() throws IOException {
        FileTime before = Files.getLastModifiedTime(image);
        Files.write(image, new byte[] {1}, StandardOpenOption.WRITE);
        Files.setLastModifiedTime(image, FileTime.from(before.toInstant().plusNanos(1_000_000)));
    }

    private void write(String name, String text) throws IOException {
        Files.createDirectory(directory.resolve(name));
        Files.writeString(directory.resolve(name).resolve("instance.json"), text);
    }

    private static void assertFails(Kind kind, String named, ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .withMessageContaining(named)
                .matches(e -> e.kind() == kind, "is " + kind);
    }
}
