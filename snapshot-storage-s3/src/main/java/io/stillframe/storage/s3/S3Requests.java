package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.UploadOptions;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.ListPartsRequest;
import software.amazon.awssdk.services.s3.model.ObjectLockMode;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** Builds the requests that the store's settings have a say in. */
final class S3Requests {
    /** The user metadata that holds an upload's mark. */
    static final String MARK = "stillframe-mark";

    private final S3Settings settings;
    private final Optional<S3ObjectLock> lock;
    private final Optional<CustomerKey> customerKey;

    /** @param lock of what is written */
    S3Requests(S3Settings settings, Optional<S3ObjectLock> lock) {
        this.settings = settings;
        this.lock = lock;
        this.customerKey = settings.encryption() instanceof S3Encryption.CustomerKey own
                ? Optional.of(CustomerKey.of(own))
                : Optional.empty();
    }

    String bucket() {
        return settings.bucket();
    }

    String fullKey(ObjectKey key) {
        return settings.prefix() + key.value();
    }

    HeadObjectRequest head(ObjectKey key) {
        HeadObjectRequest.Builder request =
                HeadObjectRequest.builder().bucket(bucket()).key(fullKey(key));
        customerKey.ifPresent(own -> request.sseCustomerAlgorithm(CustomerKey.ALGORITHM)
                .sseCustomerKey(own.key)
                .sseCustomerKeyMD5(own.md5));
        return request.build();
    }

    GetObjectRequest.Builder get(ObjectKey key) {
        GetObjectRequest.Builder request =
                GetObjectRequest.builder().bucket(bucket()).key(fullKey(key));
        customerKey.ifPresent(own -> request.sseCustomerAlgorithm(CustomerKey.ALGORITHM)
                .sseCustomerKey(own.key)
                .sseCustomerKeyMD5(own.md5));
        return request;
    }

    PutObjectRequest.Builder put(ObjectKey key, ByteBuffer bytes, UploadOptions options, String mark) {
        PutObjectRequest.Builder request = PutObjectRequest.builder()
                .bucket(bucket())
                .key(fullKey(key))
                .contentLength((long) bytes.remaining())
                .contentType(options.contentType())
                .metadata(Map.of(MARK, mark))
                .storageClass(settings.storageClass().orElse(null))
                .tagging(tagging())
                .serverSideEncryption(encryption().orElse(null))
                .ssekmsKeyId(kmsKey().orElse(null));
        switch (settings.checksums()) {
            case CRC32C -> request.checksumCRC32C(crc32c(bytes));
            case MD5 -> request.contentMD5(md5(bytes));
            case NONE -> {}
        }
        customerKey.ifPresent(own -> request.sseCustomerAlgorithm(CustomerKey.ALGORITHM)
                .sseCustomerKey(own.key)
                .sseCustomerKeyMD5(own.md5));
        lock.ifPresent(wanted -> request.objectLockMode(
                        ObjectLockMode.fromValue(wanted.mode().name()))
                .objectLockRetainUntilDate(Instant.now().plus(wanted.period())));
        return request;
    }

    CreateMultipartUploadRequest begin(ObjectKey key, UploadOptions options, String mark) {
        CreateMultipartUploadRequest.Builder request = CreateMultipartUploadRequest.builder()
                .bucket(bucket())
                .key(fullKey(key))
                .contentType(options.contentType())
                .metadata(Map.of(MARK, mark))
                .storageClass(settings.storageClass().orElse(null))
                .tagging(tagging())
                .serverSideEncryption(encryption().orElse(null))
                .ssekmsKeyId(kmsKey().orElse(null));
        if (settings.checksums() == PartChecksums.CRC32C) {
            request.checksumAlgorithm(ChecksumAlgorithm.CRC32_C);
        }
        customerKey.ifPresent(own -> request.sseCustomerAlgorithm(CustomerKey.ALGORITHM)
                .sseCustomerKey(own.key)
                .sseCustomerKeyMD5(own.md5));
        lock.ifPresent(wanted -> request.objectLockMode(
                        ObjectLockMode.fromValue(wanted.mode().name()))
                .objectLockRetainUntilDate(Instant.now().plus(wanted.period())));
        return request.build();
    }

    UploadPartRequest part(ObjectKey key, String uploadId, int number, ByteBuffer bytes) {
        UploadPartRequest.Builder request = UploadPartRequest.builder()
                .bucket(bucket())
                .key(fullKey(key))
                .uploadId(uploadId)
                .partNumber(number)
                .contentLength((long) bytes.remaining());
        switch (settings.checksums()) {
            case CRC32C -> request.checksumCRC32C(crc32c(bytes));
            case MD5 -> request.contentMD5(md5(bytes));
            case NONE -> {}
        }
        customerKey.ifPresent(own -> request.sseCustomerAlgorithm(CustomerKey.ALGORITHM)
                .sseCustomerKey(own.key)
                .sseCustomerKeyMD5(own.md5));
        return request.build();
    }

    ListPartsRequest.Builder parts(ObjectKey key, String uploadId) {
        return ListPartsRequest.builder().bucket(bucket()).key(fullKey(key)).uploadId(uploadId);
    }

    /** What the server encrypts with of its own accord; empty with the caller's keys. */
    private Optional<ServerSideEncryption> encryption() {
        if (settings.encryption() instanceof S3Encryption.ServerKeys) {
            return Optional.of(ServerSideEncryption.AES256);
        }
        return settings.encryption() instanceof S3Encryption.Kms
                ? Optional.of(ServerSideEncryption.AWS_KMS)
                : Optional.empty();
    }

    private Optional<String> kmsKey() {
        return settings.encryption() instanceof S3Encryption.Kms kms ? kms.keyId() : Optional.empty();
    }

    private @Nullable String tagging() {
        if (settings.tags().isEmpty()) {
            return null;
        }
        return settings.tags().entrySet().stream()
                .map(tag -> encode(tag.getKey()) + "=" + encode(tag.getValue()))
                .sorted()
                .collect(Collectors.joining("&"));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The checksum as S3 writes it. */
    static String crc32c(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        return Base64.getEncoder()
                .encodeToString(
                        ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }

    /** What a part's ETag is where the server does not encrypt it with a key of its own. */
    static String md5Hex(ByteBuffer bytes) {
        return HexFormat.of().formatHex(digest(bytes));
    }

    private static String md5(ByteBuffer bytes) {
        return Base64.getEncoder().encodeToString(digest(bytes));
    }

    private static byte[] digest(ByteBuffer bytes) {
        MessageDigest digest = md5();
        digest.update(bytes.duplicate());
        return digest.digest();
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw SnapshotException.permanent("this JVM has no MD5, which the S3 protocol asks for", e);
        }
    }

    /** Both halves as the headers have them. */
    private record CustomerKey(String key, String md5) {
        private static final String ALGORITHM = "AES256";

        static CustomerKey of(S3Encryption.CustomerKey own) {
            byte[] key = own.key().get();
            if (key.length != 32) {
                throw SnapshotException.invalid("a customer key for SSE-C has 32 bytes, got " + key.length);
            }
            Base64.Encoder base64 = Base64.getEncoder();
            return new CustomerKey(
                    base64.encodeToString(key),
                    base64.encodeToString(S3Requests.md5().digest(key)));
        }

        @Override
        public String toString() {
            return "CustomerKey[***]";
        }
    }
}
