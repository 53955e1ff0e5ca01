package io.stillframe.storage.s3;

/** A checksum sent with every part and small object, so that the server refuses what was damaged on the way. */
public enum PartChecksums {
    /**
     * CRC-32C in a header, which servers that do not know it ignore. Costs next to nothing. A server that checks it and yet does not
     * list it with a part lets no other process complete the upload: a probe then finds no RESUME, and MD5 is the remedy.
     */
    CRC32C,
    /** {@code Content-MD5}, which servers of every age check; costs as much processor time as the rest of an upload. */
    MD5,
    /** None: for servers that refuse the headers of the others. */
    NONE
}
