package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import java.util.Optional;
import java.util.function.Supplier;

/** How the server encrypts what it stores. A server whose answers do not confirm it is refused with UNSUPPORTED. */
public sealed interface S3Encryption {
    /** As the bucket says. */
    static S3Encryption bucketDefault() {
        return new BucketDefault();
    }

    /** With keys of the server's own (SSE-S3, AES-256). */
    static S3Encryption serverKeys() {
        return new ServerKeys();
    }

    /**
     * With a key of the key management service (SSE-KMS).
     *
     * @param keyId the key's id or ARN; empty for the account's default key
     */
    static S3Encryption kms(Optional<String> keyId) {
        return new Kms(keyId);
    }

    /**
     * With the caller's own key (SSE-C); the server does not keep it, and without it nothing can be read again. Servers take it over
     * {@code https} only, unless told otherwise.
     *
     * @param key gives the 32 bytes; called when the store is opened
     */
    static S3Encryption customerKey(Supplier<byte[]> key) {
        return new CustomerKey(key);
    }

    /** See {@link #bucketDefault()}. */
    record BucketDefault() implements S3Encryption {}

    /** See {@link #serverKeys()}. */
    record ServerKeys() implements S3Encryption {}

    /**
     * See {@link #kms(Optional)}.
     *
     * @param keyId the key's id or ARN; empty for the account's default key
     */
    record Kms(Optional<String> keyId) implements S3Encryption {
        public Kms {
            if (keyId.filter(String::isBlank).isPresent()) {
                throw SnapshotException.invalid("a KMS key id must not be blank; leave it out for the default key");
            }
        }
    }

    /**
     * See {@link #customerKey(Supplier)}.
     *
     * @param key gives the 32 bytes
     */
    record CustomerKey(Supplier<byte[]> key) implements S3Encryption {
        @Override
        public String toString() {
            return "CustomerKey[key=***]";
        }
    }
}
