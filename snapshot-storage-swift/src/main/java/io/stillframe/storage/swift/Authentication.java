package io.stillframe.storage.swift;

/** Asks for a token. */
@FunctionalInterface
interface Authentication {
    /** @throws io.stillframe.model.SnapshotException PERMANENT if the credentials are refused; TRANSIENT, THROTTLED */
    Grant authenticate();
}
