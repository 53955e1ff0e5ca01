package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.UntrustedPeer;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.RetryableException;
import software.amazon.awssdk.core.exception.SdkClientException;

/** Says what a failed call means, in the product's kinds. */
final class S3Errors {
    private static final Set<String> THROTTLING = Set.of(
            "SlowDown",
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingException",
            "TooManyRequests",
            "BandwidthLimitExceeded");

    /** Client faults by their status, but worth another try: a stalled body, a clock that the SDK has adjusted, keys that their source has renewed. */
    private static final Set<String> PASSING = Set.of(
            "RequestTimeout",
            "RequestTimeoutException",
            "RequestTimeTooSkewed",
            "ExpiredToken",
            "InternalError",
            "OperationAborted");

    private static final int LONGEST_MESSAGE = 300;

    private S3Errors() {}

    /** The failure without the wrappers of futures. */
    static Throwable unwrap(Throwable thrown) {
        Throwable at = thrown;
        while ((at instanceof CompletionException || at instanceof ExecutionException) && at.getCause() != null) {
            at = at.getCause();
        }
        return at;
    }

    /** The status of an answer; 0 if none came. */
    static int status(Throwable thrown) {
        return unwrap(thrown) instanceof AwsServiceException answer ? answer.statusCode() : 0;
    }

    /** The server's own code of an error, e.g. {@code NoSuchKey}; empty if none came. */
    static String code(Throwable thrown) {
        if (unwrap(thrown) instanceof AwsServiceException answer && answer.awsErrorDetails() != null) {
            String code = answer.awsErrorDetails().errorCode();
            return code == null ? "" : code;
        }
        return "";
    }

    /** Whether the call may have had its effect although it failed. */
    static boolean outcomeUnknown(Throwable thrown) {
        Throwable at = unwrap(thrown);
        if (at instanceof AwsServiceException answer) {
            return answer.statusCode() >= 500 || answer.statusCode() == 200;
        }
        return !(at instanceof SnapshotException known) || known.kind() == Kind.TRANSIENT;
    }

    /**
     * The failure as the product's exception.
     *
     * @param what the call with its object, for the message
     */
    static SnapshotException map(String what, Throwable thrown) {
        Throwable at = unwrap(thrown);
        for (Throwable cause = at; cause != null; cause = cause.getCause()) {
            if (cause instanceof SnapshotException known) {
                return known;
            }
        }
        if (at instanceof AwsServiceException answer) {
            return answered(what, answer);
        }
        return unanswered(what, at);
    }

    private static SnapshotException answered(String what, AwsServiceException answer) {
        int status = answer.statusCode();
        String code = code(answer);
        String message = what + ": " + status + (code.isEmpty() ? "" : " " + code) + said(answer);
        if (status == 429 || status == 503 || THROTTLING.contains(code)) {
            return SnapshotException.throttled(message, retryAfter(answer), answer);
        }
        if (PASSING.contains(code) || status >= 500 || status == 408) {
            // 501 and 507 are answers of a server that will not do it later either.
            boolean lasting = status == 501 || status == 507;
            return new SnapshotException(lasting ? Kind.PERMANENT : Kind.TRANSIENT, message, answer);
        }
        return new SnapshotException(kindOf(status, code), message + remedy(status, code), answer);
    }

    private static Kind kindOf(int status, String code) {
        if (status == 404) {
            return code.equals("NoSuchBucket") ? Kind.PERMANENT : Kind.NOT_FOUND;
        }
        return status == 409 || status == 412 ? Kind.CONFLICT : Kind.PERMANENT;
    }

    private static String remedy(int status, String code) {
        if (status == 301 || status == 307 || code.equals("AuthorizationHeaderMalformed")) {
            return "; give the bucket's own region and endpoint";
        }
        if (code.equals("NoSuchBucket")) {
            return "; create the bucket first";
        }
        if (code.endsWith("QuotaExceeded")) {
            return "; the quota of the bucket or of its owner is used up: raise it, or delete what is not needed";
        }
        return status == 401 || status == 403 ? "; check the credentials and what they are allowed to do" : "";
    }

    private static String said(AwsServiceException answer) {
        AwsErrorDetails details = answer.awsErrorDetails();
        String text = details == null ? null : details.errorMessage();
        if (text == null || text.isBlank()) {
            return "";
        }
        String line = text.strip().replaceAll("\\s+", " ");
        return " (" + (line.length() > LONGEST_MESSAGE ? line.substring(0, LONGEST_MESSAGE) + "…" : line) + ")";
    }

    /** {@code Retry-After} as of RFC 9110, section 10.2.3: seconds or a date. */
    private static Optional<Duration> retryAfter(AwsServiceException answer) {
        AwsErrorDetails details = answer.awsErrorDetails();
        if (details == null || details.sdkHttpResponse() == null) {
            return Optional.empty();
        }
        return details.sdkHttpResponse().firstMatchingHeader("Retry-After").flatMap(S3Errors::parseRetryAfter);
    }

    static Optional<Duration> parseRetryAfter(String value) {
        String text = value.strip();
        if (text.matches("\\d{1,9}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT))
                    .toInstant();
            Duration left = Duration.between(Instant.now(), until);
            return Optional.of(left.isNegative() ? Duration.ZERO : left);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static SnapshotException unanswered(String what, Throwable at) {
        if (UntrustedPeer.isCauseOf(at)) {
            return SnapshotException.permanent(
                    what + ": the server's certificate is not trusted; give its authority as the CA bundle", at);
        }
        for (Throwable cause = at; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException) {
                return SnapshotException.transientFault(what + ": the endpoint's host name is not known", at);
            }
        }
        if (at instanceof SdkClientException && String.valueOf(at.getMessage()).contains("credentials")) {
            return SnapshotException.permanent(
                    what + ": no credentials were found; give AWS_* variables, a profile or the builder's own", at);
        }
        if (isUnreadable(at)) {
            return SnapshotException.transientFault(what + ": the answer cannot be read", at);
        }
        if (at instanceof SdkClientException && !(at instanceof RetryableException) && !hasIoCause(at)) {
            return SnapshotException.permanent(what + ": the request could not be made", at);
        }
        return SnapshotException.transientFault(what + ": no answer (" + rootName(at) + ")", at);
    }

    /** XML that ends early or is none: cut on the way, or another's page in between. */
    private static boolean isUnreadable(Throwable at) {
        for (Throwable cause = at; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof javax.xml.stream.XMLStreamException
                    || message.startsWith("Unable to unmarshall response")
                    || message.startsWith("Could not parse XML")) {
                return true;
            }
        }
        return false;
    }

    /**
     * A value that every whole answer has: the client takes one that was cut off for an answer with less in it.
     *
     * @throws SnapshotException TRANSIENT if it is missing
     */
    static <T> T required(String what, @Nullable T value) {
        if (value == null) {
            throw SnapshotException.transientFault(what + ": the answer is not whole", null);
        }
        return value;
    }

    private static boolean hasIoCause(Throwable at) {
        for (Throwable cause = at; cause != null; cause = cause.getCause()) {
            if (cause instanceof java.io.IOException
                    || cause instanceof java.util.concurrent.TimeoutException
                    || cause.getClass().getName().startsWith("io.netty.")
                    || cause.getClass().getSimpleName().endsWith("TimeoutException")) {
                return true;
            }
        }
        return false;
    }

    private static String rootName(Throwable at) {
        Throwable root = at;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getClass().getSimpleName();
    }
}
