package io.stillframe.storage.swift;

/** Remembers when bytes last moved in an exchange. Safe for use by several threads. */
final class Watch {
    private volatile long last = System.nanoTime();

    void moved() {
        last = System.nanoTime();
    }

    long idleNanos() {
        return System.nanoTime() - last;
    }
}
