package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
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
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Optional;

/**
 * A container of OpenStack Swift as an object store. Safe for use by several threads.
 *
 * <p><b>Memory.</b> Uploads and reads go straight from and into the caller's buffers; beside them a store holds some 100 KiB for each
 * connection in use. A connection is opened for each call that runs at the same time as others, and kept for later ones.
 *
 * <p><b>Faults.</b> Each method makes its call once, except that it authenticates anew when the server refuses the token: TRANSIENT and
 * THROTTLED failures are the caller's to repeat. Where the answer to a publication is lost, the store looks whether the object is the
 * one that it wrote, by a mark of a few bytes kept as its metadata, before it says anything. A stalled exchange is noticed by the
 * bytes that do not move, not by the time that it takes.
 *
 * <p><b>Create if absent.</b> Swift checks {@code If-None-Match: *} when a request arrives and not when it takes effect: of writers
 * within the same instant several can be let in, and the last one stays. The store sends it, and looks after publishing whose object
 * is there, so that a writer that was overtaken before its answer learns of it. What remains is a window of one request's duration,
 * so that neither {@link StoreCapability#CREATE_IF_ABSENT} nor {@link StoreCapability#CREATE_IF_ABSENT_ON_COMPLETE} is declared. The
 * engine's leases keep writers of one snapshot apart.
 *
 * <p><b>Large objects.</b> Parts are segments in the container {@code <container>_segments}, which is created when needed; the
 * manifest that names them is written last, with an ETag and a size for each. Where they are more than one manifest can name,
 * manifests are nested. Deleting removes the manifest first and its segments then.
 */
public final class SwiftObjectStore implements ObjectStore {
    private static final int LARGEST_SMALL_OBJECT = 64 << 20;
    private static final int MOST_PARTS = 1_000_000;

    private final SwiftSettings settings;
    private final Transport transport;
    private final SwiftParts parts;
    private final StoreCapabilities capabilities;

    SwiftObjectStore(SwiftSettings settings) {
        this.settings = settings;
        this.transport = new Transport(settings);
        try {
            SwiftClient client = new SwiftClient(transport, new TokenHolder(Authentications.of(transport, settings)));
            ServerInfo info = ServerInfo.of(client);
            SwiftNames names = new SwiftNames(settings.container(), settings.prefix());
            this.parts = SwiftParts.of(client, names, info);
            this.capabilities = capabilities(info);
            SwiftLookup.requireContainer(client, settings.container(), "opening the store");
        } catch (RuntimeException e) {
            transport.close();
            throw e;
        }
    }

    /**
     * Options of a store.
     *
     * @param container the container's name; it must exist
     */
    public static SwiftObjectStoreBuilder builder(String container) {
        return new SwiftObjectStoreBuilder(container);
    }

    static StoreCapabilities capabilities(ServerInfo info) {
        long most = Manifests.perManifest(info, info.longestName());
        int parts = (int) Math.min(most * most, MOST_PARTS);
        long largestObject =
                info.largestObject() > Long.MAX_VALUE / parts ? Long.MAX_VALUE : info.largestObject() * parts;
        return new StoreCapabilities(
                EnumSet.of(StoreCapability.RESUME, StoreCapability.LIST_UPLOADS, StoreCapability.EXPIRY),
                info.smallestSegment(),
                info.largestObject(),
                parts,
                largestObject);
    }

    Duration completionTimeout() {
        return settings.completionTimeout();
    }

    @Override
    public String uri() {
        return SwiftUri.format(settings);
    }

    @Override
    public StoreCapabilities capabilities() {
        return capabilities;
    }

    /** {@inheritDoc} For Swift: one unfinished upload, and the cluster's own description of its limits. */
    @Override
    public StoreCapabilities probe() {
        return new SwiftProbe(this, parts).run();
    }

    @Override
    public Optional<ObjectStat> stat(ObjectKey key) {
        return parts.lookup().look(key).map(SwiftLookup.Found::stat);
    }

    @Override
    public ByteSource open(ObjectKey key) {
        SwiftLookup.Found found = parts.lookup()
                .look(key)
                .orElseThrow(
                        () -> SnapshotException.notFound("no object " + key + " in container " + settings.container()));
        return new SwiftObjectSource(parts.client(), parts.names(), found);
    }

    /**
     * A URL by which anybody can read the object for a while, without credentials. The URL is itself a secret. Needs a key of the
     * account: the builder's, or else the one that the account has, if this user may see it.
     *
     * @param validity 1 s to 7 days
     * @throws SnapshotException UNSUPPORTED if there is no key, or the cluster has no temporary URLs
     */
    public URI presignedRead(ObjectKey key, Duration validity) {
        return new TempUrl(parts, settings.tempUrlKey()).read(key, validity);
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        Expiry.require(options);
        if (bytes.remaining() > LARGEST_SMALL_OBJECT) {
            throw SnapshotException.invalid("a small object has at most " + LARGEST_SMALL_OBJECT + " bytes, got "
                    + bytes.remaining() + "; use a parted upload");
        }
        boolean ifAbsent = mode == PublishMode.CREATE_IF_ABSENT;
        String mark = UploadId.random();
        Optional<UploadId> former =
                ifAbsent ? Optional.empty() : parts.removal().beforeReplacing(key, mark);
        PublishOutcome outcome = put(key, bytes, ifAbsent, options, mark);
        former.ifPresent(upload -> parts.removal().afterReplacing(key, upload));
        return outcome;
    }

    private PublishOutcome put(ObjectKey key, ByteBuffer bytes, boolean ifAbsent, UploadOptions options, String mark) {
        String what = "putting " + key + " into container " + settings.container();
        SwiftCall call = new SwiftCall("PUT", parts.names().objectPath(key))
                .header("ETag", Md5.of(bytes))
                .header("Content-Type", options.contentType())
                .header(SwiftLookup.MARK, mark)
                .body(bytes);
        Expiry.apply(call, options);
        if (ifAbsent) {
            call.header("If-None-Match", "*");
        }
        SnapshotException failure;
        try {
            Answer answer = parts.client().raw(call);
            if (answer.status() == 404) {
                throw SnapshotException.permanent(what + ": the container does not exist (any more)", null);
            }
            if (answer.succeeded()) {
                return lookAfterPut(key, mark, ifAbsent);
            }
            failure = ContainerQuota.refusal(what, answer, parts.client(), settings.container());
            if (answer.status() != 412 && answer.status() < 500) {
                throw failure;
            }
        } catch (IOException e) {
            failure = SwiftErrors.unanswered(what, e);
        }
        return afterPut(key, mark, ifAbsent, failure);
    }

    /** After a success: somebody who was let in at the same time may have replaced the object at once. */
    private PublishOutcome lookAfterPut(ObjectKey key, String mark, boolean ifAbsent) {
        SnapshotException gone = SnapshotException.conflict("object " + key + " was published, and removed at once");
        SwiftLookup.Found found;
        try {
            found = parts.lookup().look(key).orElseThrow(() -> gone);
        } catch (SnapshotException e) {
            throw e.retryable()
                    ? new SnapshotException(
                            SnapshotException.Kind.OUTCOME_UNKNOWN,
                            "putting " + key + ": published, or so it seems; looking failed",
                            e)
                    : e;
        }
        return ifAbsent && !found.hasMark(mark)
                ? new PublishOutcome.AlreadyExists(found.stat())
                : new PublishOutcome.Published(found.stat());
    }

    /** By the object that is there now: this call's, another's, or none. */
    private PublishOutcome afterPut(ObjectKey key, String mark, boolean ifAbsent, SnapshotException failure) {
        Optional<SwiftLookup.Found> found;
        try {
            found = parts.lookup().look(key);
        } catch (SnapshotException e) {
            throw ifAbsent
                    ? new SnapshotException(
                            SnapshotException.Kind.OUTCOME_UNKNOWN,
                            failure.getMessage() + ", and not known to be done",
                            e)
                    : e;
        }
        if (found.filter(object -> object.hasMark(mark)).isPresent()) {
            return new PublishOutcome.Published(found.get().stat());
        }
        if (ifAbsent && found.isPresent()) {
            return new PublishOutcome.AlreadyExists(found.get().stat());
        }
        throw SnapshotException.transientFault(
                failure.getMessage() + "; the object is not there, or another one is", failure);
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        Expiry.require(options);
        int smallest = capabilities.smallestPart();
        long largest = capabilities.largestPart();
        if (layout.firstSize() < smallest || layout.firstSize() > largest) {
            throw SnapshotException.invalid("parts need " + smallest + " to " + largest
                    + " bytes here, got a first size of " + layout.firstSize());
        }
        UploadId id = UploadId.create(layout);
        parts.markers().write(key, id, UploadMarkers.Content.ofUpload(options));
        return new SwiftUpload(this, parts, new UploadToken(key, layout, id.text()), id, options);
    }

    @Override
    public UploadSession resumeUpload(UploadToken token) {
        UploadId id = UploadId.parse(token.state())
                .filter(parsed -> parsed.layout().equals(token.layout()))
                .orElseThrow(() -> SnapshotException.invalid("not the token of an upload to Swift"));
        UploadOptions options = parts.markers().read(token.key(), id);
        if (parts.lookup()
                .look(token.key())
                .filter(found -> found.hasMark(id.text()))
                .isPresent()) {
            parts.markers().remove(token.key(), id);
            throw SnapshotException.notFound("the upload of " + token.key() + " was completed");
        }
        return new SwiftUpload(this, parts, token, id, options);
    }

    @Override
    public Page<ObjectStat> list(String prefix, Optional<String> after, int limit) {
        SwiftListing.requireLimit(limit);
        return parts.listing().objects(prefix, after, limit);
    }

    @Override
    public void delete(Collection<ObjectKey> keys) {
        parts.removal().objects(keys);
    }

    @Override
    public Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit) {
        SwiftListing.requireLimit(limit);
        return parts.listing().uploads(prefix, after, limit);
    }

    @Override
    public void close() {
        transport.close();
    }

    @Override
    public String toString() {
        return uri();
    }
}
