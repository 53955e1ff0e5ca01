package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.services.s3.presigner.model.GetObjectPresignRequest;

/**
 * A bucket of Amazon S3, or of a server that speaks its protocol, as an object store. Safe for use by several threads.
 *
 * <p><b>Memory.</b> Uploads and reads go straight from and into the caller's buffers; beside them a store holds a few hundred KiB for
 * each connection in use, and one copy of a small object while it is {@link #put}.
 *
 * <p><b>Faults.</b> Each method makes its call once: TRANSIENT and THROTTLED failures are the caller's to repeat. Where a write's
 * answer is lost, the store looks whether the object is the one that it wrote, by a random mark kept as user metadata, before it says
 * anything. A stalled connection is noticed by the bytes that do not move, not by the time that a transfer takes.
 *
 * <p><b>Create if absent.</b> Where the endpoint has {@link StoreCapability#CREATE_IF_ABSENT} (or
 * {@link StoreCapability#CREATE_IF_ABSENT_ON_COMPLETE} for parted uploads), the server decides who is first. Where it does not, the
 * store looks just before it publishes: two writers within the same instant can then both publish, and the later one stays. The
 * engine's leases keep writers of one snapshot apart.
 *
 * <p><b>Rights.</b> Needs reading, writing, deleting, aborting and listing of parts and uploads, and listing of the bucket: without the
 * last, S3 answers 403 for an object that does not exist, which is PERMANENT here.
 *
 * <p><b>Versioned buckets.</b> Deleting leaves old versions behind a delete marker; give the bucket a lifecycle rule. A store that
 * {@linkplain S3ObjectStoreBuilder#objectLock locks} what it publishes deletes all versions itself, which needs the rights to list and
 * to delete them.
 */
public final class S3ObjectStore implements ObjectStore {
    private static final int LARGEST_SMALL_OBJECT = 64 << 20;
    private static final Duration LONGEST_PRESIGNED = Duration.ofDays(7);

    private final S3Settings settings;
    private final S3Connection connection;
    private final S3Requests requests;
    private final S3Calls.Client client;
    private final S3Lookup lookup;
    private final S3Listing listing;
    private final UploadedAttributes attributes;
    private final VersionRemoval versions;
    private final AtomicBoolean closed = new AtomicBoolean();

    S3ObjectStore(S3Settings settings) {
        this(settings, settings.objectLock(), new S3Connection(settings));
    }

    private S3ObjectStore(S3Settings settings, Optional<S3ObjectLock> lock, S3Connection connection) {
        this.settings = settings;
        this.requests = new S3Requests(settings, lock);
        this.connection = connection;
        this.client = new S3Calls.Client(connection.client(), new S3Calls(settings.requestTimeout()));
        this.lookup = new S3Lookup(client, requests);
        this.listing = new S3Listing(client, settings);
        this.attributes = new UploadedAttributes(client, requests, settings, lock);
        this.versions = new VersionRemoval(client, requests);
    }

    /**
     * Options of a store.
     *
     * @param bucket the bucket's name; it must exist
     */
    public static S3ObjectStoreBuilder builder(String bucket) {
        return new S3ObjectStoreBuilder(bucket);
    }

    @Override
    public String uri() {
        return settings.uri();
    }

    @Override
    public StoreCapabilities capabilities() {
        return settings.capabilities();
    }

    @Override
    public StoreCapabilities probe() {
        return new S3Probe(withoutLock(), client, settings).run();
    }

    /** The same on the same connection, so that what a probe writes can be removed at once; not closed. */
    private S3ObjectStore withoutLock() {
        return new S3ObjectStore(settings, Optional.empty(), connection);
    }

    @Override
    public Optional<ObjectStat> stat(ObjectKey key) {
        return lookup.stat(key);
    }

    @Override
    public ByteSource open(ObjectKey key) {
        ObjectStat stat = stat(key)
                .orElseThrow(() -> SnapshotException.notFound("no object " + key + " in bucket " + settings.bucket()));
        return new S3ObjectSource(client, requests, stat);
    }

    /**
     * A URL by which anybody can read the object for a while, without credentials. The URL is itself a secret.
     *
     * @param validity 1 s to 7 days, and no longer than temporary credentials live
     */
    public URI presignedRead(ObjectKey key, Duration validity) {
        if (validity.compareTo(Duration.ofSeconds(1)) < 0 || validity.compareTo(LONGEST_PRESIGNED) > 0) {
            throw SnapshotException.invalid("a presigned URL is valid for 1 s to 7 days, got " + validity);
        }
        try (S3Presigner presigner = connection.presigner()) {
            GetObjectPresignRequest request = GetObjectPresignRequest.builder()
                    .signatureDuration(validity)
                    .getObjectRequest(requests.get(key).build())
                    .build();
            return URI.create(presigner.presignGetObject(request).url().toString());
        } catch (software.amazon.awssdk.core.exception.SdkException e) {
            throw S3Errors.map("presigning a read of " + key, e);
        }
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        if (bytes.remaining() > LARGEST_SMALL_OBJECT) {
            throw SnapshotException.invalid("a small object has at most " + LARGEST_SMALL_OBJECT + " bytes, got "
                    + bytes.remaining() + "; use a parted upload");
        }
        return put(key, bytes, mode, options, capabilities().has(StoreCapability.CREATE_IF_ABSENT));
    }

    PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options, boolean conditional) {
        boolean ifAbsent = mode == PublishMode.CREATE_IF_ABSENT;
        if (ifAbsent && !conditional) {
            Optional<ObjectStat> existing = stat(key);
            if (existing.isPresent()) {
                return new PublishOutcome.AlreadyExists(existing.get());
            }
        }
        String mark = UUID.randomUUID().toString();
        PutObjectRequest.Builder request = requests.put(key, bytes, options, mark);
        if (ifAbsent && conditional) {
            request.ifNoneMatch("*");
        }
        String what = "putting " + key + " into bucket " + settings.bucket();
        try {
            // A copy: after an interrupt the connection may still read it while the caller's buffer is in new use.
            AsyncRequestBody body = AsyncRequestBody.fromBytesUnsafe(copyOf(bytes));
            PutObjectResponse answer =
                    client.calls().transferRaw(() -> client.s3().putObject(request.build(), body), () -> {});
            if (answer.eTag() == null) {
                throw new ExecutionException(
                        SnapshotException.transientFault(what + ": the answer is not whole", null));
            }
            EncryptionConfirmed.require(
                    settings.encryption(), what, answer.serverSideEncryption(), answer.sseCustomerAlgorithm());
            return lookup.afterPublishing(key, mark, ifAbsent, bytes.remaining(), answer.eTag(), answer);
        } catch (ExecutionException e) {
            return afterFailedPut(key, mark, ifAbsent, what, e);
        }
    }

    private static byte[] copyOf(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return copy;
    }

    private PublishOutcome afterFailedPut(
            ObjectKey key, String mark, boolean ifAbsent, String what, ExecutionException failure) {
        int status = S3Errors.status(failure);
        SnapshotException mapped = S3Errors.map(what, failure);
        boolean refused = ifAbsent && (status == 412 || status == 409);
        if (!refused && !S3Errors.outcomeUnknown(failure)) {
            throw mapped;
        }
        Optional<S3Lookup.Found> found;
        try {
            found = lookup.look(key);
        } catch (SnapshotException e) {
            throw ifAbsent
                    ? new SnapshotException(Kind.OUTCOME_UNKNOWN, what + ": not known to be done", failure)
                    : mapped;
        }
        if (found.filter(f -> f.hasMark(mark)).isPresent()) {
            return new PublishOutcome.Published(found.get().stat());
        }
        if (ifAbsent && found.isPresent()) {
            return new PublishOutcome.AlreadyExists(found.get().stat());
        }
        throw refused
                ? SnapshotException.transientFault(what + ": refused for an object that is gone again", failure)
                : mapped;
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        int smallest = capabilities().smallestPart();
        long largest = capabilities().largestPart();
        if (layout.firstSize() < smallest || layout.firstSize() > largest) {
            throw SnapshotException.invalid("parts need " + smallest + " to " + largest
                    + " bytes here, got a first size of " + layout.firstSize());
        }
        String mark = UUID.randomUUID().toString();
        String what = "beginning the upload of " + key + " to bucket " + settings.bucket();
        CreateMultipartUploadResponse answer =
                client.calls().await(what, () -> client.s3().createMultipartUpload(requests.begin(key, options, mark)));
        UploadState state = new UploadState(mark, S3Errors.required(what, answer.uploadId()));
        S3Upload upload = new S3Upload(
                this, client, requests, lookup, attributes, settings, new UploadToken(key, layout, state.format()));
        try {
            EncryptionConfirmed.require(
                    settings.encryption(), what, answer.serverSideEncryption(), answer.sseCustomerAlgorithm());
            return upload;
        } catch (SnapshotException e) {
            abort(upload, e);
            throw e;
        }
    }

    private static void abort(UploadSession upload, SnapshotException why) {
        try {
            upload.close();
        } catch (SnapshotException left) {
            why.addSuppressed(left);
        }
    }

    @Override
    public UploadSession resumeUpload(UploadToken token) {
        requireFeature(StoreCapability.RESUME, "resuming an upload");
        S3Upload upload = new S3Upload(this, client, requests, lookup, attributes, settings, token);
        upload.requireAlive(listing);
        return upload;
    }

    @Override
    public Page<ObjectStat> list(String prefix, Optional<String> after, int limit) {
        return listing.objects(prefix, after, limit);
    }

    /**
     * {@inheritDoc}
     *
     * @throws SnapshotException CONFLICT if Object Lock still protects one, with the time at which it ends
     */
    @Override
    public void delete(Collection<ObjectKey> keys) {
        if (settings.objectLock().isPresent()) {
            versions.delete(keys);
        } else {
            listing.delete(keys);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>The server does not say how an upload that is found is cut: its token serves to abort it. To go on with an upload, use the
     * token that its session gave.
     */
    @Override
    public Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit) {
        requireFeature(StoreCapability.LIST_UPLOADS, "listing unfinished uploads");
        return listing.uploads(prefix, after, limit);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            connection.close();
        }
    }

    @Override
    public String toString() {
        return uri();
    }

    private void requireFeature(StoreCapability feature, String what) {
        if (!capabilities().has(feature)) {
            throw SnapshotException.unsupported(what + " is not among the configured features of " + uri());
        }
    }
}
