package io.stillframe.storage.s3;

import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.awaitility.Awaitility;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
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
