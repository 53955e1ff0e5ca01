package io.stillframe.storage.swift;

import java.net.URI;

/** Chooses how to authenticate by the kind of credentials. */
final class Authentications {
    private Authentications() {}

    static Authentication of(Transport transport, SwiftSettings settings) {
        SwiftCredentials credentials = settings.credentials();
        if (credentials instanceof SwiftCredentials.TempAuth tempAuth) {
            Authentication authentication = new TempAuthAuthentication(transport, tempAuth);
            return settings.storageUrl().isEmpty()
                    ? authentication
                    : () -> {
                        Grant grant = authentication.authenticate();
                        return new Grant(
                                grant.token(),
                                TokenLife.account(settings.storageUrl().get()),
                                grant.renewAt());
                    };
        }
        if (credentials instanceof SwiftCredentials.Storage storage) {
            URI account = TokenLife.account(settings.storageUrl().orElse(storage.storageUrl()));
            return () -> new Grant(storage.token().reveal(), account, TokenLife.renewAt(TokenLife.UNKNOWN_SECONDS));
        }
        return new KeystoneAuthentication(transport, settings, authUrl(credentials));
    }

    private static URI authUrl(SwiftCredentials credentials) {
        if (credentials instanceof SwiftCredentials.Password password) {
            return password.authUrl();
        }
        if (credentials instanceof SwiftCredentials.Token token) {
            return token.authUrl();
        }
        if (credentials instanceof SwiftCredentials.ApplicationCredential application) {
            return application.authUrl();
        }
        throw new IllegalStateException("not Keystone's");
    }
}
