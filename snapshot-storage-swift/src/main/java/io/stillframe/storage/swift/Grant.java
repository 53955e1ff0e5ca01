package io.stillframe.storage.swift;

import java.net.URI;

/**
 * What an authentication gave.
 *
 * @param token secret
 * @param storageUrl the account's address, without a slash at its end
 * @param renewAt when to ask for the next one, by {@link System#nanoTime}
 */
record Grant(String token, URI storageUrl, long renewAt) {
    boolean isDue() {
        return System.nanoTime() - renewAt >= 0;
    }

    @Override
    public String toString() {
        return "grant for " + storageUrl;
    }
}
