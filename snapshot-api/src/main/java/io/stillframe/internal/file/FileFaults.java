package io.stillframe.internal.file;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/** What an I/O fault of a local file system means. */
public final class FileFaults {
    private FileFaults() {}

    /**
     * The fault as the product's exception: TRANSIENT if the process has too many files open, else PERMANENT, since a local file
     * system that refuses once refuses again.
     *
     * @param what what could not be done, e.g. {@code cannot write /store/a}
     */
    public static SnapshotException of(String what, IOException fault) {
        String reason = reason(fault);
        if (reason.contains("too many open files")) {
            return SnapshotException.transientFault(
                    what + ": too many open files; raise the limit of this process", fault);
        }
        return SnapshotException.permanent(what + ": " + remedy(fault, reason), fault);
    }

    private static String remedy(IOException fault, String reason) {
        if (reason.contains("no space left") || reason.contains("not enough space")) {
            return "the file system is full; free some space";
        }
        if (reason.contains("quota")) {
            return "the quota is used up; raise it or free some space";
        }
        if (reason.contains("read-only file system")) {
            return "the file system is read-only";
        }
        if (fault instanceof AccessDeniedException || reason.contains("permission denied")) {
            return "access denied; check owner and permissions";
        }
        if (fault instanceof NoSuchFileException) {
            return "it does not exist";
        }
        return reason;
    }

    private static String reason(IOException fault) {
        String reason = fault instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : String.valueOf(fault.getMessage());
        return reason.toLowerCase(Locale.ROOT);
    }
}
