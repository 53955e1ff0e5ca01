package io.stillframe.storage.swift;

import java.net.URI;
import java.util.concurrent.TimeUnit;

/** When tokens are renewed. */
final class TokenLife {
    /** Of a token whose end the server does not tell. */
    static final long UNKNOWN_SECONDS = TimeUnit.HOURS.toSeconds(1);

    private static final long MARGIN_SECONDS = 120;

    private TokenLife() {}

    /** Two minutes before its end, or when four fifths of a short life are over. */
    static long renewAt(long seconds) {
        long margin = Math.min(MARGIN_SECONDS, seconds / 5);
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(Math.max(0, seconds - margin));
    }

    /** An account's address without a slash at its end. */
    static URI account(URI storageUrl) {
        String text = storageUrl.toString();
        return text.endsWith("/") ? URI.create(text.substring(0, text.length() - 1)) : storageUrl;
    }
}
