package io.stillframe.libvirt.internal.driver;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The process that runs a domain, as far as this host shows it. Its start tells one run of a domain from another even where libvirt,
 * being restarted itself, counts its runs anew.
 */
final class QemuProcess {
    private final Optional<ProcessHandle> process;

    private QemuProcess(Optional<ProcessHandle> process) {
        this.process = process;
    }

    /** Looks for the process that runs the domain of that identity. */
    static QemuProcess of(String uuid) {
        return new QemuProcess(ProcessHandle.allProcesses()
                .filter(process -> runs(process, uuid))
                .findFirst());
    }

    /** Whether it was seen and still is that process, not another one of the same number. */
    boolean isAlive() {
        return process.filter(ProcessHandle::isAlive).isPresent();
    }

    /** When it was started, in milliseconds; {@code unseen} if no process was seen. */
    String start() {
        return process.flatMap(handle -> handle.info().startInstant())
                .map(Instant::toEpochMilli)
                .map(String::valueOf)
                .orElse("unseen");
    }

    private static boolean runs(ProcessHandle process, String uuid) {
        try {
            byte[] arguments = Files.readAllBytes(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
            return new String(arguments, StandardCharsets.UTF_8).contains("\0-uuid\0" + uuid + "\0");
        } catch (IOException e) {
            return false;
        }
    }
}
