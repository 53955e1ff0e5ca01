package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A libvirt server of a test's own, in a mount namespace with its own state, socket and configuration, so that it can be killed and
 * started again without harm to any other. Its guests live on the same disks and kernel as all others.
 */
public final class PrivateLibvirt implements AutoCloseable {
    private static final String START = """
            set -e
            cd "$1"
            mkdir -p run lib cache etc
            if [ ! -e etc/qemu.conf ]; then
              cp -a /etc/libvirt/. etc/
              rm -rf etc/qemu
              printf 'stdio_handler = "file"\\n' >etc/qemu.conf
            fi
            mount --bind run /run/libvirt
            mount --bind lib /var/lib/libvirt
            mount --bind cache /var/cache/libvirt
            mount --bind etc /etc/libvirt
            [ ! -e "$2" ] || mount --bind "$2" /dev/kvm
            exec libvirtd -d -p "$1/libvirtd.pid" --config /etc/libvirt/libvirtd.conf
            """;

    private final Lab lab;
    private final Path home;

    private PrivateLibvirt(Lab lab, Path home) {
        this.lab = lab;
        this.home = home;
    }

    public static PrivateLibvirt start(Lab lab) {
        try {
            Path home = Files.createTempDirectory(Lab.state(), "libvirt-");
            lab.command("chmod", "755", home.toString());
            PrivateLibvirt server = new PrivateLibvirt(lab, home);
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI uri() {
        return URI.create("qemu+unix:///system?socket=" + home + "/run/libvirt-sock");
    }

    /** Starts the server, which takes up the guests that it finds running. */
    public void start() {
        lab.command(
                "unshare",
                "-m",
                "--propagation",
                "slave",
                "sh",
                "-c",
                START,
                "sh",
                home.toString(),
                Lab.state().resolve("run/no-kvm").toString());
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> lab.tryCommand("virsh", "-c", uri().toString(), "version")
                                .status()
                        == 0);
    }

    /** Ends the server as kill -9 does; its guests go on. */
    public void kill() {
        ProcessHandle server = process();
        server.destroyForcibly();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !server.isAlive());
    }

    @Override
    public void close() {
        ProcessHandle server = process();
        server.destroy();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !server.isAlive());
        try (Stream<Path> files = Files.walk(home)) {
            List<Path> all = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : all) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ProcessHandle process() {
        long pid = Long.parseLong(Lab.textOf(home.resolve("libvirtd.pid")).strip());
        ProcessHandle server = ProcessHandle.of(pid).orElseThrow();
        assertThat(server.info().command().orElse("")).endsWith("libvirtd");
        return server;
    }
}
