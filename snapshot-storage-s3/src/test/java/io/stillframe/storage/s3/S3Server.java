package io.stillframe.storage.s3;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.awaitility.Awaitility;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;
import software.amazon.awssdk.services.s3.model.ObjectVersion;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A server to test against, with the SDK's own client for what the store must not be asked about. */
final class S3Server implements AutoCloseable {
    private final URI endpoint;
    private final String region;
    private final S3Credentials.Keys keys;
    private final S3AsyncClient client;

    S3Server(URI endpoint, String region, S3Credentials.Keys keys) {
        this.endpoint = endpoint;
        this.region = region;
        this.keys = keys;
        this.client = S3AsyncClient.builder()
                .endpointOverride(endpoint)
                .region(Region.of(region))
                .forcePathStyle(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .credentialsProvider(StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(keys.accessKey(), keys.secretKey())))
                .build();
    }

    URI endpoint() {
        return endpoint;
    }

    S3Credentials.Keys keys() {
        return keys;
    }

    S3AsyncClient client() {
        return client;
    }

    @Override
    public void close() {
        client.close();
    }

    /** A builder for a bucket of this server, reached through {@code via}. */
    S3ObjectStoreBuilder store(String bucket, URI via) {
        return S3ObjectStore.builder(bucket)
                .endpoint(via)
                .region(region)
                .credentials(S3Credentials.of(keys.accessKey(), keys.secretKey()));
    }

    S3ObjectStoreBuilder store(String bucket) {
        return store(bucket, endpoint);
    }

    String newBucket() {
        String bucket = "test-" + UUID.randomUUID();
        client.createBucket(request -> request.bucket(bucket)).join();
        return bucket;
    }

    String newLockingBucket() {
        String bucket = "test-" + UUID.randomUUID();
        client.createBucket(request -> request.bucket(bucket).objectLockEnabledForBucket(true))
                .join();
        return bucket;
    }

    /** How many versions and delete markers a bucket holds. */
    int versions(String bucket) {
        ListObjectVersionsResponse all =
                client.listObjectVersions(r -> r.bucket(bucket)).join();
        return all.versions().size() + all.deleteMarkers().size();
    }

    /** Ends the governance of all objects of a bucket. */
    void unlock(String bucket) {
        // Retention can be shortened, to what is over in a moment, but not taken away.
        Instant soon = Instant.now().plusSeconds(1).truncatedTo(ChronoUnit.SECONDS);
        for (ObjectVersion version :
                client.listObjectVersions(r -> r.bucket(bucket)).join().versions()) {
            client.putObjectRetention(r -> r.bucket(bucket)
                            .key(version.key())
                            .versionId(version.versionId())
                            .bypassGovernanceRetention(true)
                            .retention(l ->
                                    l.mode(ObjectLockRetentionMode.GOVERNANCE).retainUntilDate(soon)))
                    .join();
        }
        Awaitility.await().until(() -> Instant.now().isAfter(soon));
    }

    /** As {@link #remove}, for a bucket that may have locked versions. */
    void removeVersions(String bucket) {
        ListObjectVersionsResponse all =
                client.listObjectVersions(r -> r.bucket(bucket)).join();
        all.versions().forEach(version -> removeVersion(bucket, version.key(), version.versionId()));
        all.deleteMarkers().forEach(marker -> removeVersion(bucket, marker.key(), marker.versionId()));
        remove(bucket);
    }

    private void removeVersion(String bucket, String key, String version) {
        client.deleteObject(r -> r.bucket(bucket).key(key).versionId(version).bypassGovernanceRetention(true))
                .join();
    }

    /**
     * Removes a bucket with all that is in it, so that a server in memory does not fill up. A server may still be writing of a request
     * that was cut off; what it keeps of that without listing it is its own affair.
     */
    void remove(String bucket) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> tryRemove(bucket));
    }

    private boolean tryRemove(String bucket) {
        for (S3Object object :
                client.listObjectsV2(r -> r.bucket(bucket)).join().contents()) {
            client.deleteObject(r -> r.bucket(bucket).key(object.key())).join();
        }
        for (MultipartUpload upload :
                client.listMultipartUploads(r -> r.bucket(bucket)).join().uploads()) {
            client.abortMultipartUpload(r -> r.bucket(bucket).key(upload.key()).uploadId(upload.uploadId()))
                    .join();
        }
        try {
            client.deleteBucket(r -> r.bucket(bucket)).join();
            return true;
        } catch (CompletionException e) {
            if (S3Errors.status(e) == 409) {
                return client.listObjectsV2(r -> r.bucket(bucket))
                                .join()
                                .contents()
                                .isEmpty()
                        && client.listMultipartUploads(r -> r.bucket(bucket))
                                .join()
                                .uploads()
                                .isEmpty();
            }
            throw e;
        }
    }
}
