package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.UntrustedPeer;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** What Swift's and Keystone's statuses mean. */
final class SwiftErrors {
    private SwiftErrors() {}

    static SnapshotException unanswered(String what, IOException fault) {
        if (UntrustedPeer.isCauseOf(fault)) {
            return SnapshotException.permanent(
                    what + ": the server's certificate is not trusted; give its authority as cacert", fault);
        }
        return SnapshotException.transientFault(what + ": no answer (" + fault.getMessage() + ")", fault);
    }

    static SnapshotException of(String what, Answer answer) {
        int status = answer.status();
        String message = what + ": the server says " + status + meaning(status);
        Optional<Duration> retryAfter = retryAfter(answer);
        if (status == 429 || status == 498 || (status == 503 && retryAfter.isPresent())) {
            return SnapshotException.throttled(message, retryAfter, null);
        }
        return new SnapshotException(kind(status), message);
    }

    static Kind kind(int status) {
        return switch (status) {
            case 404 -> Kind.NOT_FOUND;
            case 408, 409, 422, 425, 499 -> Kind.TRANSIENT;
            case 429, 498 -> Kind.THROTTLED;
            case 501, 505, 507 -> Kind.PERMANENT;
            default -> status >= 500 ? Kind.TRANSIENT : Kind.PERMANENT;
        };
    }

    private static String meaning(int status) {
        return switch (status) {
            case 401 -> " (the credentials are not accepted)";
            case 403 -> " (this user may not do that)";
            case 407 ->
                " (the proxy wants a login; through a tunnel to https the JVM sends one only if started with"
                        + " -Djdk.http.auth.tunneling.disabledSchemes=)";
            case 413 -> " (over a quota, or larger than the cluster takes)";
            case 422 -> " (the bytes were damaged on their way)";
            case 507 -> " (the server is full)";
            default -> "";
        };
    }

    /** Seconds or a date; an invalid one counts as none. */
    private static Optional<Duration> retryAfter(Answer answer) {
        return answer.header("Retry-After")
                .flatMap(text -> {
                    try {
                        return text.matches("[0-9]{1,9}")
                                ? Optional.of(Duration.ofSeconds(Long.parseLong(text)))
                                : Optional.of(Duration.between(
                                        Instant.now(), Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text))));
                    } catch (DateTimeException e) {
                        return Optional.empty();
                    }
                })
                .map(wait -> wait.isNegative() ? Duration.ZERO : wait);
    }
}
