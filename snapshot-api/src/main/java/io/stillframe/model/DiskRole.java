package io.stillframe.model;

/** What a disk is to its instance. */
public enum DiskRole {
    /** The disk that the instance boots from; launched by default. */
    ROOT,
    /** Any other disk. */
    DATA
}
