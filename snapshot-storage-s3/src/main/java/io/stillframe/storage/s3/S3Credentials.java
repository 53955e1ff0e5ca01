package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/** Where a store's credentials come from. No {@code toString} shows a secret. */
public sealed interface S3Credentials {
    /**
     * The SDK's default chain: system properties, {@code AWS_*} variables, web identity, the default profile, and the container's or
     * machine's role. Temporary credentials are renewed in time.
     */
    static S3Credentials ofDefaults() {
        return new Defaults();
    }

    /** A long-lived key pair. */
    static S3Credentials of(String accessKey, String secretKey) {
        Keys keys = new Keys(accessKey, secretKey, Optional.empty());
        return new Callback(() -> keys);
    }

    /** A profile of the shared credentials and configuration files, also one that assumes a role. */
    static S3Credentials profile(String name) {
        return new Profile(name, Optional.empty());
    }

    /** A profile of a credentials file of one's own. */
    static S3Credentials profile(String name, Path file) {
        return new Profile(name, Optional.of(file));
    }

    /**
     * Keys from the caller, asked for at every request, so that they can be rotated while the store is open.
     *
     * @param keys returns at once, from any thread; what it throws fails the request as PERMANENT, its message unseen
     */
    static S3Credentials from(Supplier<Keys> keys) {
        return new Callback(keys);
    }

    /** None: requests are not signed, for public buckets. */
    static S3Credentials anonymous() {
        return new Anonymous();
    }

    /**
     * A key pair.
     *
     * @param accessKey its public half
     * @param secretKey its secret half
     * @param sessionToken for temporary ones
     */
    record Keys(String accessKey, String secretKey, Optional<String> sessionToken) {
        public Keys {
            if (accessKey.isBlank() || secretKey.isBlank()) {
                throw SnapshotException.invalid("an S3 key pair needs both an access key and a secret key");
            }
        }

        @Override
        public String toString() {
            return "Keys[accessKey=" + accessKey + ", secretKey=***]";
        }
    }

    /** See {@link #ofDefaults()}. */
    record Defaults() implements S3Credentials {}

    /**
     * See {@link #profile(String)}.
     *
     * @param name the profile's name
     * @param file the credentials file; empty for the usual ones
     */
    record Profile(String name, Optional<Path> file) implements S3Credentials {
        public Profile {
            if (name.isBlank()) {
                throw SnapshotException.invalid("a profile needs a name");
            }
        }
    }

    /**
     * See {@link #from(Supplier)}.
     *
     * @param keys returns the current keys
     */
    record Callback(Supplier<Keys> keys) implements S3Credentials {
        @Override
        public String toString() {
            return "Callback[keys=***]";
        }
    }

    /** See {@link #anonymous()}. */
    record Anonymous() implements S3Credentials {}
}
