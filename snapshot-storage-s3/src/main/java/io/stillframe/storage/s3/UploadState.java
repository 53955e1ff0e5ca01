package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;

/**
 * What an upload's token holds for S3, written {@code 1;MARK;UPLOAD-ID}.
 *
 * @param mark a random name of this upload, stored with the object, by which its publication is told from another's; empty for an
 *     upload that was only found in a listing
 * @param uploadId the server's
 */
record UploadState(String mark, String uploadId) {
    private static final int LONGEST = 4096;

    static UploadState parse(String text) {
        String[] parts = text.split(";", 3);
        if (text.length() > LONGEST
                || parts.length != 3
                || !parts[0].equals("1")
                || !parts[1].matches("[0-9a-f-]{0,36}")
                || !parts[2].matches("[\\x21-\\x7e]+")) {
            throw SnapshotException.invalid("the token is not one of an upload to S3");
        }
        return new UploadState(parts[1], parts[2]);
    }

    String format() {
        return "1;" + mark + ";" + uploadId;
    }

    /** Whether no more is known than that it exists. */
    boolean isListed() {
        return mark.isEmpty();
    }
}
