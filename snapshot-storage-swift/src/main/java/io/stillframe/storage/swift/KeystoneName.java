package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;

/**
 * What Keystone calls a user, project or domain: by its name or by its identifier.
 *
 * @param kind {@code name} or {@code id}
 * @param value the name or identifier, not empty
 */
public record KeystoneName(String kind, String value) {
    public KeystoneName {
        if (!(kind.equals("name") || kind.equals("id")) || value.isEmpty()) {
            throw SnapshotException.invalid(
                    "Keystone knows things by 'name' or 'id' that are not empty, got kind " + kind);
        }
    }

    public static KeystoneName name(String value) {
        return new KeystoneName("name", value);
    }

    public static KeystoneName id(String value) {
        return new KeystoneName("id", value);
    }
}
