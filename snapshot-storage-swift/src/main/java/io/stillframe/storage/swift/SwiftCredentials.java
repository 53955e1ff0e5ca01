package io.stillframe.storage.swift;

import java.net.URI;

/** How a store proves who it is. None of these shows a secret in its {@code toString}. */
public sealed interface SwiftCredentials {
    /**
     * A Keystone user with a password.
     *
     * @param authUrl Keystone's address, with or without {@code /v3}
     */
    record Password(
            URI authUrl,
            KeystoneName user,
            KeystoneName userDomain,
            SwiftSecret password,
            KeystoneName project,
            KeystoneName projectDomain)
            implements SwiftCredentials {}

    /**
     * A Keystone application credential, which knows its project.
     *
     * @param authUrl Keystone's address, with or without {@code /v3}
     */
    record ApplicationCredential(URI authUrl, String id, SwiftSecret secret) implements SwiftCredentials {}

    /**
     * A Keystone token, exchanged for one of the project. Lives no longer than the given token, unless the secret is a fresh one each
     * time.
     *
     * @param authUrl Keystone's address, with or without {@code /v3}
     */
    record Token(URI authUrl, SwiftSecret token, KeystoneName project, KeystoneName projectDomain)
            implements SwiftCredentials {}

    /**
     * A token of any origin and the address that it is for; nobody is asked for either.
     *
     * @param storageUrl the account's address, e.g. {@code https://host/v1/AUTH_account}
     */
    record Storage(URI storageUrl, SwiftSecret token) implements SwiftCredentials {}

    /**
     * Swift's own authentication of version 1.
     *
     * @param authUrl e.g. {@code https://host/auth/v1.0}
     */
    record TempAuth(URI authUrl, String user, SwiftSecret key) implements SwiftCredentials {}
}
