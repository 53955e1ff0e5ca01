package io.stillframe.hypervisor;

import io.stillframe.image.RawFileTarget;
import io.stillframe.spi.BlockTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A launched instance's disk while it is filled; only a finished one has its own name. */
final class StagedDisk implements BlockTarget {
    private final Path file;
    private final Path partial;
    private final RawFileTarget target;

    /** Replaces whatever an earlier try left. */
    StagedDisk(Path file, long size) {
        this.file = file;
        this.partial = file.resolveSibling(file.getFileName() + ".partial");
        ImageDirectory.createDirectories(ImageDirectory.directoryOf(file));
        ImageDirectory.delete(file);
        ImageDirectory.delete(partial);
        this.target = RawFileTarget.create(partial, size);
    }

    @Override
    public long size() {
        return target.size();
    }

    @Override
    public void write(long position, ByteBuffer source) {
        target.write(position, source);
    }

    @Override
    public void finish() {
        target.finish();
        target.close();
        try {
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw ImageDirectory.fault("name", file, e);
        }
    }

    @Override
    public void close() {
        target.close();
    }
}
