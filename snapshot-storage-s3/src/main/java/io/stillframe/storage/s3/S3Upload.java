package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedMultipartUpload;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ListPartsRequest;
import software.amazon.awssdk.services.s3.model.ListPartsResponse;
import software.amazon.awssdk.services.s3.model.Part;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/** A multipart upload. */
final class S3Upload implements UploadSession {
    private static final String CRC = ";crc32c=";
    private static final int ABORT_TRIES = 3;
    private static final int MOST_LISTED = 1000;
    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(5);

    private enum State {
        OPEN,
        /** Published, aborted, or refused and aborted. */
        ENDED,
        /** Left to others: detached, or with a completion that may still be under way, which an abort could tear. */
        LEFT
    }

    private final S3ObjectStore store;
    private final S3Calls.Client client;
    private final S3Requests requests;
    private final S3Lookup lookup;
    private final UploadedAttributes attributes;
    private final S3Settings settings;
    private final UploadToken token;
    private final UploadState upload;
    private final LongAdder sent = new LongAdder();
    private volatile State state = State.OPEN;

    S3Upload(
            S3ObjectStore store,
            S3Calls.Client client,
            S3Requests requests,
            S3Lookup lookup,
            UploadedAttributes attributes,
            S3Settings settings,
            UploadToken token) {
        this.store = store;
        this.client = client;
        this.requests = requests;
        this.lookup = lookup;
        this.attributes = attributes;
        this.settings = settings;
        this.token = token;
        this.upload = UploadState.parse(token.state());
    }

    @Override
    public UploadToken token() {
        return token;
    }

    /** NOT_FOUND if the server does not know the upload (any more); some answer with an empty list of parts then. */
    void requireAlive(S3Listing listing) {
        boolean empty = partsAfter(0, 1).parts().isEmpty();
        boolean listed = settings.capabilities().has(StoreCapability.LIST_UPLOADS);
        if (empty && listed && !listing.isUnfinished(key(), upload.uploadId())) {
            throw SnapshotException.notFound(what("resuming") + ": it was completed or aborted");
        }
    }

    @Override
    public PartReceipt putPart(int number, ByteBuffer bytes) {
        requireOpen();
        requireFits(number, bytes.remaining());
        UploadPartRequest request = requests.part(key(), upload.uploadId(), number, bytes);
        SlicedBody body = new SlicedBody(bytes, sent);
        try {
            UploadPartResponse answer =
                    client.calls().transferRaw(() -> client.s3().uploadPart(request, body), body::abandon);
            String etag = S3Errors.required(what("sending part " + number + " of"), answer.eTag());
            return new PartReceipt(number, bytes.remaining(), tag(etag, answer.checksumCRC32C()));
        } catch (ExecutionException e) {
            throw S3Errors.map("sending part " + number + " of " + key() + " to bucket " + requests.bucket(), e);
        }
    }

    @Override
    public long bytesSent() {
        return sent.sum();
    }

    @Override
    public List<PartReceipt> arrived() {
        List<PartReceipt> all = new ArrayList<>();
        int marker = 0;
        boolean more = true;
        while (more) {
            ListPartsResponse page = partsAfter(marker, MOST_LISTED);
            for (Part part : page.parts()) {
                if (fits(part.partNumber(), part.size())) {
                    all.add(new PartReceipt(part.partNumber(), part.size(), tag(part.eTag(), part.checksumCRC32C())));
                }
            }
            Integer next = page.nextPartNumberMarker();
            more = Boolean.TRUE.equals(page.isTruncated()) && next != null && next > marker;
            marker = next == null ? marker : next;
        }
        return all;
    }

    @Override
    public boolean holds(PartReceipt part, ByteBuffer bytes) {
        if (part.size() != bytes.remaining()) {
            return false;
        }
        int crc = part.tag().indexOf(CRC);
        return crc >= 0
                ? part.tag().substring(crc + CRC.length()).equals(S3Requests.crc32c(bytes))
                : part.tag().equals(S3Requests.md5Hex(bytes));
    }

    @Override
    public PublishOutcome complete(List<PartReceipt> parts, PublishMode mode) {
        requireOpen();
        requireComplete(parts);
        if (parts.isEmpty()) {
            PublishOutcome outcome = store.put(key(), ByteBuffer.allocate(0), mode, UploadOptions.ofDefaults());
            abort();
            return outcome;
        }
        boolean conditional = settings.capabilities().has(StoreCapability.CREATE_IF_ABSENT_ON_COMPLETE);
        return complete(parts, mode, conditional);
    }

    PublishOutcome complete(List<PartReceipt> parts, PublishMode mode, boolean conditional) {
        PublishOutcome outcome = publish(parts, mode, conditional);
        if (outcome instanceof PublishOutcome.Published) {
            // If this fails the upload stays open: completing it again finds the object by its mark and gets here
            // again.
            attributes.ensure(key());
        }
        state = State.ENDED;
        return outcome;
    }

    private PublishOutcome publish(List<PartReceipt> parts, PublishMode mode, boolean conditional) {
        boolean ifAbsent = mode == PublishMode.CREATE_IF_ABSENT;
        if (ifAbsent && !conditional) {
            Optional<S3Lookup.Found> existing = lookup.look(key());
            if (existing.isPresent()) {
                return existing.get().hasMark(upload.mark())
                        ? new PublishOutcome.Published(existing.get().stat())
                        : refused(existing.get());
            }
        }
        CompleteMultipartUploadRequest request = completion(parts, ifAbsent && conditional);
        long end = System.nanoTime() + settings.completionTimeout().toNanos();
        long pause = FIRST_PAUSE;
        while (true) {
            try {
                return published(parts, ifAbsent, wholeAnswer(request));
            } catch (ExecutionException e) {
                Optional<PublishOutcome> outcome = look(e, parts.size(), ifAbsent, end);
                if (outcome.isPresent()) {
                    return outcome.get();
                }
            }
            new Cancellation().await(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE);
        }
    }

    /** The status of a completion is sent before it is done: only what follows says that it is. */
    private CompleteMultipartUploadResponse wholeAnswer(CompleteMultipartUploadRequest request)
            throws ExecutionException {
        CompleteMultipartUploadResponse answer =
                client.calls().raw(() -> client.s3().completeMultipartUpload(request));
        if (answer.eTag() == null) {
            throw new ExecutionException(
                    SnapshotException.transientFault(what("completing") + ": the answer is not whole", null));
        }
        return answer;
    }

    /**
     * What became of a completion that failed: known, or empty to try again. The server takes a repeated completion of the same parts
     * as the same one.
     */
    private Optional<PublishOutcome> look(ExecutionException failure, int parts, boolean ifAbsent, long end) {
        SnapshotException mapped = S3Errors.map(what("completing"), failure);
        int status = S3Errors.status(failure);
        boolean refusedOrGone = status == 404 || (ifAbsent && (status == 409 || status == 412));
        if (S3Errors.code(failure).equals("InvalidPart") && arrived().size() > parts) {
            throw new SnapshotException(
                    Kind.UNSUPPORTED,
                    what("completing")
                            + ": this server completes an upload of all its parts only, and more have arrived than "
                            + parts,
                    failure);
        }
        if (mapped.kind() == Kind.THROTTLED || !(refusedOrGone || S3Errors.outcomeUnknown(failure))) {
            throw mapped;
        }
        try {
            Optional<S3Lookup.Found> found = lookup.look(key());
            if (found.filter(f -> f.hasMark(upload.mark())).isPresent()) {
                return Optional.of(new PublishOutcome.Published(found.get().stat()));
            }
            if (ifAbsent && (status == 409 || status == 412)) {
                return Optional.of(refused(found.orElseThrow(() -> SnapshotException.transientFault(
                        what("completing") + ": refused for an object that is gone again", failure))));
            }
            if (status == 404) {
                state = State.ENDED;
                throw mapped;
            }
        } catch (SnapshotException e) {
            if (e.kind() != Kind.TRANSIENT && e.kind() != Kind.THROTTLED) {
                throw e;
            }
        }
        if (System.nanoTime() - end >= 0) {
            state = State.LEFT;
            throw new SnapshotException(
                    Kind.OUTCOME_UNKNOWN,
                    what("completing") + ": no certain answer within "
                            + settings.completionTimeout().toSeconds()
                            + " s; look whether the object exists before going on",
                    failure);
        }
        return Optional.empty();
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

    private PublishOutcome published(
            List<PartReceipt> parts, boolean ifAbsent, CompleteMultipartUploadResponse answer) {
        long size = parts.stream().mapToLong(PartReceipt::size).sum();
        PublishOutcome outcome = lookup.afterPublishing(key(), upload.mark(), ifAbsent, size, answer.eTag(), answer);
        if (outcome instanceof PublishOutcome.Published done && done.stat().size() != size) {
            throw SnapshotException.corrupt(
                    what("completing") + ": the object has " + done.stat().size() + " bytes instead of " + size);
        }
        return outcome;
    }

    private PublishOutcome refused(S3Lookup.Found existing) {
        abort();
        return new PublishOutcome.AlreadyExists(existing.stat());
    }

    /** Parts that were under way can outlive an abort, as S3's documentation has it: so the server is asked, and told again. */
    private void abort() {
        AbortMultipartUploadRequest request = AbortMultipartUploadRequest.builder()
                .bucket(requests.bucket())
                .key(requests.fullKey(key()))
                .uploadId(upload.uploadId())
                .build();
        for (int attempt = 1; attempt <= ABORT_TRIES; attempt++) {
            if (gone(() -> client.calls().raw(() -> client.s3().abortMultipartUpload(request)))
                    || gone(() -> client.calls()
                            .raw(() -> client.s3()
                                    .listParts(requests.parts(key(), upload.uploadId())
                                            .maxParts(1)
                                            .build())))) {
                state = State.ENDED;
                return;
            }
        }
        throw SnapshotException.transientFault(what("aborting") + ": parts keep arriving", null);
    }

    private interface Call {
        Object run() throws ExecutionException;
    }

    private boolean gone(Call call) {
        try {
            call.run();
            return false;
        } catch (ExecutionException e) {
            if (S3Errors.status(e) == 404) {
                return true;
            }
            throw S3Errors.map(what("aborting"), e);
        }
    }

    private ListPartsResponse partsAfter(int marker, int limit) {
        String what = what("listing the parts of");
        ListPartsRequest request = requests.parts(key(), upload.uploadId())
                .partNumberMarker(marker)
                .maxParts(limit)
                .build();
        ListPartsResponse answer = client.calls().await(what, () -> client.s3().listParts(request));
        S3Errors.required(what, answer.uploadId());
        return answer;
    }

    private CompleteMultipartUploadRequest completion(List<PartReceipt> parts, boolean conditional) {
        List<CompletedPart> named = parts.stream().map(S3Upload::named).toList();
        CompleteMultipartUploadRequest.Builder request = CompleteMultipartUploadRequest.builder()
                .bucket(requests.bucket())
                .key(requests.fullKey(key()))
                .uploadId(upload.uploadId())
                .multipartUpload(CompletedMultipartUpload.builder().parts(named).build());
        if (conditional) {
            request.ifNoneMatch("*");
        }
        return request.build();
    }

    private static CompletedPart named(PartReceipt part) {
        int crc = part.tag().indexOf(CRC);
        CompletedPart.Builder named = CompletedPart.builder()
                .partNumber(part.number())
                .eTag("\"" + (crc < 0 ? part.tag() : part.tag().substring(0, crc)) + "\"");
        if (crc >= 0) {
            named.checksumCRC32C(part.tag().substring(crc + CRC.length()));
        }
        return named.build();
    }

    /** The ETag and, where the server gives it back, the checksum, which it then wants to see again on completion. */
    private static String tag(String etag, @org.jspecify.annotations.Nullable String crc32c) {
        return S3Lookup.unquoted(etag) + (crc32c == null ? "" : CRC + crc32c);
    }

    private void requireOpen() {
        if (state != State.OPEN) {
            throw SnapshotException.notFound(what("going on with") + ": it has been completed, aborted or detached");
        }
        if (upload.isListed()) {
            throw SnapshotException.unsupported(
                    what("going on with") + ": an upload found in a listing can only be aborted; use its own token");
        }
    }

    private boolean fits(int number, long size) {
        return upload.isListed() || (size >= 1 && size <= token.layout().sizeOf(number));
    }

    private void requireFits(int number, long size) {
        int most = settings.capabilities().mostParts();
        if (number < 1 || number > most) {
            throw SnapshotException.invalid("parts are numbered 1 to " + most + " here, got " + number);
        }
        long largest =
                Math.min(token.layout().sizeOf(number), settings.capabilities().largestPart());
        if (size < 1 || size > largest) {
            throw SnapshotException.invalid("part " + number + " has 1 to " + largest + " bytes, got " + size);
        }
    }

    private void requireComplete(List<PartReceipt> parts) {
        for (int i = 0; i < parts.size(); i++) {
            PartReceipt part = parts.get(i);
            long whole = token.layout().sizeOf(i + 1);
            boolean last = i == parts.size() - 1;
            if (part.number() != i + 1 || (last ? part.size() > whole : part.size() != whole)) {
                throw SnapshotException.invalid("part " + part.number() + " of " + part.size() + " bytes at place "
                        + (i + 1) + " does not fit: parts are numbered without gap, and here are " + whole
                        + " bytes long");
            }
        }
    }

    private ObjectKey key() {
        return token.key();
    }

    private String what(String doing) {
        return doing + " the upload of " + key() + " to bucket " + requests.bucket();
    }
}
