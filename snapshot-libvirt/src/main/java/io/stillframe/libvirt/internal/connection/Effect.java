package io.stillframe.libvirt.internal.connection;

/** Whether a call changes something: decides what a lost connection means. */
public enum Effect {
    /** Only looks: nothing can have happened. */
    NONE,
    /** Changes something: it may have happened. */
    CHANGE
}
