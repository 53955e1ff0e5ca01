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
    private QemuProcess() {}

    /** When the process that runs the domain was started, in milliseconds; empty if none can be seen. */
    static Optional<Long> startOf(String uuid) {
        return ProcessHandle.allProcesses()
                .filter(process -> runs(process, uuid))
                .findFirst()
                .flatMap(process -> process.info().startInstant())
                .map(Instant::toEpochMilli);
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
