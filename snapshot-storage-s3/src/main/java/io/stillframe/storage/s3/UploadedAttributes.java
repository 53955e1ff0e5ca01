package io.stillframe.storage.s3;

import io.stillframe.spi.ObjectKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;
import software.amazon.awssdk.services.s3.model.PutObjectRetentionRequest;
import software.amazon.awssdk.services.s3.model.PutObjectTaggingRequest;
import software.amazon.awssdk.services.s3.model.Tag;

/**
 * Sees to it that an object which was uploaded in parts has the lock and the tags that its upload was begun with: radosgw 16, for one,
 * takes both and forgets them.
 */
final class UploadedAttributes {
    private final S3Calls.Client client;
    private final S3Requests requests;
    private final S3Settings settings;
    private final Optional<S3ObjectLock> lock;

    /** @param lock of what is written */
    UploadedAttributes(S3Calls.Client client, S3Requests requests, S3Settings settings, Optional<S3ObjectLock> lock) {
        this.client = client;
        this.requests = requests;
        this.settings = settings;
        this.lock = lock;
    }

    /** Can be called again after a failure. Asks nothing of the server where there is neither lock nor tag. */
    void ensure(ObjectKey key) {
        if (lock.isEmpty() && settings.tags().isEmpty()) {
            return;
        }
        HeadObjectResponse head =
                client.calls().await(what("looking at", key), () -> client.s3().headObject(requests.head(key)));
        if (lock.isPresent() && head.objectLockRetainUntilDate() == null) {
            lock(key, head.versionId(), lock.get());
        }
        if (!settings.tags().isEmpty() && (head.tagCount() == null || head.tagCount() == 0)) {
            tag(key, head.versionId());
        }
    }

    private void lock(ObjectKey key, String version, S3ObjectLock wanted) {
        ObjectLockRetentionMode mode =
                ObjectLockRetentionMode.fromValue(wanted.mode().name());
        PutObjectRetentionRequest request = PutObjectRetentionRequest.builder()
                .bucket(requests.bucket())
                .key(requests.fullKey(key))
                .versionId(version)
                .retention(r -> r.mode(mode).retainUntilDate(Instant.now().plus(wanted.period())))
                .build();
        client.calls().await(what("locking", key), () -> client.s3().putObjectRetention(request));
    }

    private void tag(ObjectKey key, String version) {
        List<Tag> tags = settings.tags().entrySet().stream()
                .map(tag ->
                        Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                .toList();
        PutObjectTaggingRequest request = PutObjectTaggingRequest.builder()
                .bucket(requests.bucket())
                .key(requests.fullKey(key))
                .versionId(version)
                .tagging(t -> t.tagSet(tags))
                .build();
        client.calls().await(what("tagging", key), () -> client.s3().putObjectTagging(request));
    }

    private String what(String doing, ObjectKey key) {
        return doing + " " + key + " in bucket " + requests.bucket();
    }
}
