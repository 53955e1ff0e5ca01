package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The token in use, renewed before its end and once when the server refuses it, by one thread for all. */
final class TokenHolder {
    private static final Logger LOG = LoggerFactory.getLogger(TokenHolder.class);

    private final Authentication authentication;
    private @Nullable Grant grant;

    TokenHolder(Authentication authentication) {
        this.authentication = authentication;
    }

    synchronized Grant current() {
        Grant held = grant;
        if (held == null) {
            return renew();
        }
        if (!held.isDue()) {
            return held;
        }
        try {
            return renew();
        } catch (SnapshotException e) {
            if (!e.retryable()) {
                throw e;
            }
            // It lives a little longer, and the server says when it does not.
            LOG.debug("the token was not renewed in advance: {}", e.getMessage());
            return held;
        }
    }

    /** The token that follows one that was refused; of many threads with the same one, the first authenticates. */
    synchronized Grant after(Grant refused) {
        Grant held = grant;
        if (held != null && !held.token().equals(refused.token())) {
            return held;
        }
        return renew();
    }

    private Grant renew() {
        Grant fresh = authentication.authenticate();
        grant = fresh;
        LOG.debug("authenticated for {}", fresh.storageUrl());
        return fresh;
    }
}
