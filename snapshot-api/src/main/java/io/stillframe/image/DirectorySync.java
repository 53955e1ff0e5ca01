package io.stillframe.image;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Makes a new name in a directory durable, where the operating system can. */
final class DirectorySync {
    private DirectorySync() {}

    static void sync(@Nullable Path directory) throws IOException {
        if (directory == null || java.io.File.separatorChar == '\\') {
            return; // Windows opens no directories.
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
