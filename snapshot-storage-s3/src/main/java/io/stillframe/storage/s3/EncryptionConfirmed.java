package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/** Sees to it that a server which was asked to encrypt says that it does: some take the request and store plain bytes. */
final class EncryptionConfirmed {
    private EncryptionConfirmed() {}

    /**
     * @param keys what the answer says of the server's own keys, as its {@code x-amz-server-side-encryption} does
     * @param customerAlgorithm what it says of the caller's, as its {@code x-amz-server-side-encryption-customer-algorithm} does
     * @throws SnapshotException UNSUPPORTED if that is not what was asked for
     */
    static void require(
            S3Encryption asked, String what, @Nullable ServerSideEncryption keys, @Nullable String customerAlgorithm) {
        if (!isConfirmed(asked, keys, customerAlgorithm)) {
            throw SnapshotException.unsupported(what + ": the server does not confirm that it encrypts as asked for; "
                    + "give its own settings to the bucket instead, or leave encryption out");
        }
    }

    private static boolean isConfirmed(
            S3Encryption asked, @Nullable ServerSideEncryption keys, @Nullable String customerAlgorithm) {
        if (asked instanceof S3Encryption.CustomerKey) {
            return customerAlgorithm != null;
        }
        if (asked instanceof S3Encryption.Kms) {
            return keys == ServerSideEncryption.AWS_KMS;
        }
        return asked instanceof S3Encryption.BucketDefault || keys == ServerSideEncryption.AES256;
    }
}
