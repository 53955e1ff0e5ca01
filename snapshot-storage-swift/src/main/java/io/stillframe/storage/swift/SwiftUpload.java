package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartDigests;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An upload as a static large object: each part is a segment, and the manifest that names them makes the object visible. */
final class SwiftUpload implements UploadSession {
    private static final Logger LOG = LoggerFactory.getLogger(SwiftUpload.class);
    private static final long FIRST_PAUSE = Duration.ofMillis(100).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofSeconds(5).toNanos();

    private enum State {
        OPEN,
        /** Not to be touched: detached, or perhaps completed. */
        LEFT,
        ENDED
    }

    private final SwiftObjectStore store;
    private final SwiftParts parts;
    private final StoreCapabilities limits;
    private final UploadToken token;
    private final UploadId id;
    private final UploadOptions options;
    private final Set<String> sent = ConcurrentHashMap.newKeySet();
    private final LongAdder bytesSent = new LongAdder();
    private volatile State state = State.OPEN;

    SwiftUpload(SwiftObjectStore store, SwiftParts parts, UploadToken token, UploadId id, UploadOptions options) {
        this.store = store;
        this.parts = parts;
        this.limits = store.capabilities();
        this.token = token;
        this.id = id;
        this.options = options;
    }

    @Override
    public UploadToken token() {
        return token;
    }

    @Override
    public PartReceipt putPart(int number, ByteBuffer bytes) {
        return putPart(number, bytes, PartDigests.of(bytes));
    }

    /** Checked by the server against the MD5 that all stores share. */
    @Override
    public PartReceipt putPart(int number, ByteBuffer bytes, PartDigests digests) {
        requireOpen();
        requireFits(number, bytes.remaining());
        String etag = HexFormat.of().formatHex(digests.digest("MD5"));
        String name = parts.names().segment(key(), id, number);
        String what = "sending part " + number + " of " + key() + " to container "
                + parts.names().segmentContainer();
        sent.add(name);
        SwiftCall call = new SwiftCall("PUT", parts.names().segmentPath(name))
                .header("ETag", etag)
                .header("Content-Type", "application/octet-stream");
        Expiry.apply(call, options);
        Answer answer = parts.client().call(what, call.body(bytes).counting(bytesSent));
        if (answer.status() == 404) {
            throw SnapshotException.notFound(what + ": the container does not exist (any more)");
        }
        if (!answer.succeeded()) {
            throw ContainerQuota.refusal(
                    what, answer, parts.client(), parts.names().segmentContainer());
        }
        if (!answer.etag().equals(etag)) {
            throw SnapshotException.transientFault(what + ": the server has stored other bytes than were sent", null);
        }
        return new PartReceipt(number, bytes.remaining(), etag);
    }

    @Override
    public long bytesSent() {
        return bytesSent.sum();
    }

    @Override
    public List<PartReceipt> arrived() {
        String prefix = parts.names().segments(key(), id);
        List<PartReceipt> all = new ArrayList<>();
        for (SwiftListing.Entry entry : parts.listing().segments(key(), id, Optional.empty())) {
            String number = entry.name().substring(prefix.length());
            if (number.matches("[0-9]{8}") && fits(Integer.parseInt(number), entry.size())) {
                all.add(new PartReceipt(Integer.parseInt(number), entry.size(), entry.hash()));
            }
        }
        return all;
    }

    /** By the MD5 that Swift has computed of what it stored. */
    @Override
    public boolean holds(PartReceipt part, ByteBuffer bytes) {
        return part.size() == bytes.remaining() && part.tag().equals(Md5.of(bytes));
    }

    @Override
    public PublishOutcome complete(List<PartReceipt> receipts, PublishMode mode) {
        requireOpen();
        requireComplete(receipts);
        if (receipts.isEmpty()) {
            PublishOutcome outcome = store.put(key(), ByteBuffer.allocate(0), mode, options);
            abort();
            return outcome;
        }
        boolean ifAbsent = mode == PublishMode.CREATE_IF_ABSENT;
        Optional<UploadId> former =
                ifAbsent ? Optional.empty() : parts.removal().beforeReplacing(key(), id.text());
        List<Manifests.Segment> segments = receipts.stream()
                .map(part ->
                        new Manifests.Segment(parts.names().segment(key(), id, part.number()), part.tag(), part.size()))
                .toList();
        List<Manifests.Segment> folded = parts.manifests().folded(key(), id, segments, options);
        PublishOutcome outcome = publish(folded, ifAbsent);
        if (outcome instanceof PublishOutcome.Published) {
            former.ifPresent(upload -> parts.removal().afterReplacing(key(), upload));
            tidy(receipts.size());
        }
        return outcome;
    }

    /** Writes the manifest until it is certain what became of it; writing the same one again changes nothing. */
    private PublishOutcome publish(List<Manifests.Segment> segments, boolean ifAbsent) {
        SwiftCall call = parts.manifests()
                .call(parts.names().objectPath(key()), segments, options)
                .header(SwiftLookup.MARK, id.text());
        if (ifAbsent) {
            call.header("If-None-Match", "*");
        }
        long end = System.nanoTime() + store.completionTimeout().toNanos();
        long pause = FIRST_PAUSE;
        while (true) {
            SnapshotException failure;
            try {
                Manifests.SloStatus status =
                        Manifests.SloStatus.of(parts.client().raw(call));
                if (status.succeeded() || status.status() == 412) {
                    Optional<PublishOutcome> outcome = settled(ifAbsent);
                    if (outcome.isPresent()) {
                        return outcome.get();
                    }
                }
                failure = status.failure(what("completing"));
                if (!status.passing() && status.status() < 500 && !status.succeeded() && status.status() != 412) {
                    throw failure;
                }
            } catch (ConnectException | HttpConnectTimeoutException e) {
                throw SwiftErrors.unanswered(what("completing"), e);
            } catch (IOException e) {
                state = State.LEFT;
                failure = SwiftErrors.unanswered(what("completing"), e);
                Optional<PublishOutcome> outcome = settledIfReachable(ifAbsent);
                if (outcome.isPresent()) {
                    return outcome.get();
                }
            }
            state = State.LEFT;
            if (System.nanoTime() - end >= 0) {
                throw unknown(failure);
            }
            new Cancellation().await(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE);
        }
    }

    private SnapshotException unknown(@Nullable Throwable failure) {
        return new SnapshotException(
                Kind.OUTCOME_UNKNOWN,
                what("completing") + ": no certain answer within "
                        + store.completionTimeout().toSeconds() + " s; look whether the object exists before going on",
                failure);
    }

    private Optional<PublishOutcome> settledIfReachable(boolean ifAbsent) {
        try {
            Optional<SwiftLookup.Found> found = parts.lookup().look(key());
            return found.filter(f -> f.hasMark(id.text()) || ifAbsent).flatMap(f -> settled(f, ifAbsent));
        } catch (SnapshotException e) {
            if (e.retryable()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Optional<PublishOutcome> settled(boolean ifAbsent) {
        Optional<SwiftLookup.Found> found = lookAfterPublishing();
        return found.flatMap(f -> settled(f, ifAbsent));
    }

    private Optional<SwiftLookup.Found> lookAfterPublishing() {
        try {
            return parts.lookup().look(key());
        } catch (SnapshotException e) {
            state = State.LEFT;
            throw e.retryable() ? unknown(e) : e;
        }
    }

    /** By its mark: this upload's object, or another's that was first or, when racing, last. */
    private Optional<PublishOutcome> settled(SwiftLookup.Found found, boolean ifAbsent) {
        if (found.hasMark(id.text())) {
            state = State.ENDED;
            return Optional.of(new PublishOutcome.Published(found.stat()));
        }
        if (ifAbsent) {
            abort();
            return Optional.of(new PublishOutcome.AlreadyExists(found.stat()));
        }
        // Replaced, and replaced again by somebody else at once.
        state = State.ENDED;
        return Optional.of(new PublishOutcome.Published(found.stat()));
    }

    /** Removes the marker, and parts that the object does not have; what fails is left to a sweep. */
    private void tidy(int last) {
        try {
            String after = parts.names().segment(key(), id, last);
            String inner = parts.names().segments(key(), id) + "m";
            List<String> spare = new ArrayList<>();
            for (SwiftListing.Entry entry : parts.listing().segments(key(), id, Optional.of(after))) {
                if (!entry.name().startsWith(inner)) {
                    spare.add(entry.name());
                }
            }
            sent.stream().filter(name -> name.compareTo(after) > 0).forEach(spare::add);
            parts.removal().named(spare);
            parts.markers().remove(key(), id);
        } catch (SnapshotException e) {
            LOG.warn("the marker of a completed upload of {} is left to a sweep: {}", key(), e.getMessage());
        }
    }

    @Override
    public void detach() {
        if (state == State.OPEN) {
            state = State.LEFT;
        }
    }

    @Override
    public void close() {
        if (state == State.OPEN) {
            abort();
        }
    }

    /** Segments of an object that is visible after all are never touched. */
    private void abort() {
        if (parts.lookup().look(key()).filter(found -> found.hasMark(id.text())).isEmpty()) {
            parts.removal().segments(key(), id, sent);
        }
        parts.markers().remove(key(), id);
        state = State.ENDED;
    }

    private void requireOpen() {
        if (state != State.OPEN) {
            throw SnapshotException.notFound(what("going on with") + ": it has been completed, aborted or detached");
        }
    }

    private boolean fits(int number, long size) {
        return number >= 1
                && number <= limits.mostParts()
                && size >= 1
                && size <= Math.min(token.layout().sizeOf(number), limits.largestPart());
    }

    private void requireFits(int number, long size) {
        if (number < 1 || number > limits.mostParts()) {
            throw SnapshotException.invalid("parts are numbered 1 to " + limits.mostParts() + " here, got " + number);
        }
        if (!fits(number, size)) {
            throw SnapshotException.invalid("part " + number + " has 1 to "
                    + Math.min(token.layout().sizeOf(number), limits.largestPart()) + " bytes, got " + size);
        }
    }

    private void requireComplete(List<PartReceipt> receipts) {
        for (int i = 0; i < receipts.size(); i++) {
            PartReceipt part = receipts.get(i);
            long whole = token.layout().sizeOf(i + 1);
            boolean last = i == receipts.size() - 1;
            if (part.number() != i + 1 || (last ? part.size() > whole : part.size() != whole)) {
                throw SnapshotException.invalid("part " + part.number() + " of " + part.size() + " bytes at place "
                        + (i + 1) + " does not fit: parts are numbered without gap, and have " + whole + " bytes here");
            }
        }
    }

    private ObjectKey key() {
        return token.key();
    }

    private String what(String doing) {
        return doing + " the upload of " + key() + " to container "
                + parts.names().container();
    }
}
