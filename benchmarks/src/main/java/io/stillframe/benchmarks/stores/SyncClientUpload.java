package io.stillframe.benchmarks.stores;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * The same with the AWS SDK's synchronous client as it is, which signs the payload over {@code http}: {@code SyncClientUpload ENDPOINT
 * REGION BUCKET KEY}. Servers other than Amazon's refuse the trailing checksums that it would send besides.
 */
public final class SyncClientUpload {
    private SyncClientUpload() {}

    /** Endpoint, region, bucket and key; credentials as the SDK finds them. */
    public static void main(String[] arguments) throws Exception {
        String bucket = arguments[2];
        String key = arguments[3];
        try (S3Client client = S3Client.builder()
                .endpointOverride(URI.create(arguments[0]))
                .region(Region.of(arguments[1]))
                .forcePathStyle(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .build()) {
            String upload =
                    client.createMultipartUpload(r -> r.bucket(bucket).key(key)).uploadId();
            List<CompletedPart> parts = PartStream.send(
                    (number, bytes) -> {
                        String etag = client.uploadPart(
                                        r -> r.bucket(bucket)
                                                .key(key)
                                                .uploadId(upload)
                                                .partNumber(number),
                                        body(bytes))
                                .eTag();
                        return CompletedPart.builder()
                                .partNumber(number)
                                .eTag(etag)
                                .build();
                    },
                    false);
            client.completeMultipartUpload(
                    r -> r.bucket(bucket).key(key).uploadId(upload).multipartUpload(m -> m.parts(parts)));
        }
    }

    private static RequestBody body(ByteBuffer bytes) {
        ByteArrayInputStream stream =
                new ByteArrayInputStream(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        return RequestBody.fromInputStream(stream, bytes.remaining());
    }
}
