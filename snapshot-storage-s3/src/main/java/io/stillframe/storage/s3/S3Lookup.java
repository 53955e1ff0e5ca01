package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.PublishOutcome;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.core.SdkResponse;
import software.amazon.awssdk.services.s3.model.HeadBucketRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** Finds out what is stored under a key, and by which write. */
final class S3Lookup {
    private final S3Calls.Client client;
    private final S3Requests requests;

    S3Lookup(S3Calls.Client client, S3Requests requests) {
        this.client = client;
        this.requests = requests;
    }

    /**
     * @param stat the object
     * @param mark of the write that published it; empty if it was not one of a store like this
     */
    record Found(ObjectStat stat, String mark) {
        boolean hasMark(String wanted) {
            return !wanted.isEmpty() && mark.equals(wanted);
        }
    }

    Optional<ObjectStat> stat(ObjectKey key) {
        return lookOnce(key).map(Found::stat);
    }

    /**
     * The object with its mark. One without a mark is looked at again: the client takes an answer that was cut off within its headers
     * for one with fewer of them.
     */
    Optional<Found> look(ObjectKey key) {
        Optional<Found> found = lookOnce(key);
        return found.filter(f -> f.mark().isEmpty()).isPresent() ? lookOnce(key) : found;
    }

    private Optional<Found> lookOnce(ObjectKey key) {
        String what = "looking for " + key + " in bucket " + requests.bucket();
        try {
            HeadObjectResponse head = client.calls().raw(() -> client.s3().headObject(requests.head(key)));
            return Optional.of(new Found(statOf(key, head), markOf(head.metadata())));
        } catch (ExecutionException e) {
            if (S3Errors.status(e) != 404) {
                throw S3Errors.map(what, e);
            }
            requireBucket(what);
            return Optional.empty();
        }
    }

    /**
     * What a write that the server has confirmed led to. Usually the object as it lies there; but another writer may have replaced or
     * removed it since, or the look may fail, and the write has happened nevertheless. Only one that was to create, on a server that
     * does not tell who is first, has lost if another's object is there.
     */
    PublishOutcome afterPublishing(
            ObjectKey key, String mark, boolean ifAbsent, long size, String etag, SdkResponse answer) {
        Optional<Found> found;
        try {
            found = look(key);
        } catch (SnapshotException e) {
            found = Optional.empty();
        }
        if (found.filter(f -> f.hasMark(mark)).isPresent()) {
            return new PublishOutcome.Published(found.get().stat());
        }
        if (ifAbsent && found.isPresent()) {
            return new PublishOutcome.AlreadyExists(found.get().stat());
        }
        return new PublishOutcome.Published(new ObjectStat(key, size, unquoted(etag), dateOf(answer)));
    }

    private static Instant dateOf(SdkResponse answer) {
        try {
            return answer.sdkHttpResponse()
                    .firstMatchingHeader("Date")
                    .map(date -> ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant())
                    .orElseGet(Instant::now);
        } catch (DateTimeException e) {
            return Instant.now();
        }
    }

    /** An answer to HEAD has no body that would tell a missing bucket from a missing object. */
    private void requireBucket(String what) {
        HeadBucketRequest request =
                HeadBucketRequest.builder().bucket(requests.bucket()).build();
        try {
            client.calls().raw(() -> client.s3().headBucket(request));
        } catch (ExecutionException e) {
            if (S3Errors.status(e) == 404) {
                throw SnapshotException.permanent(
                        what + ": there is no such bucket; create it first", S3Errors.unwrap(e));
            }
            throw S3Errors.map(what, e);
        }
    }

    static String unquoted(String etag) {
        return etag.length() > 1 && etag.startsWith("\"") && etag.endsWith("\"")
                ? etag.substring(1, etag.length() - 1)
                : etag;
    }

    private static ObjectStat statOf(ObjectKey key, HeadObjectResponse head) {
        String what = "looking for " + key;
        long length = S3Errors.required(what, head.contentLength());
        String etag = S3Errors.required(what, head.eTag());
        Instant modified = head.lastModified() == null ? Instant.EPOCH : head.lastModified();
        return new ObjectStat(key, length, unquoted(etag), modified);
    }

    private static String markOf(Map<String, String> metadata) {
        return metadata.entrySet().stream()
                .filter(entry -> entry.getKey().equalsIgnoreCase(S3Requests.MARK))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("");
    }
}
