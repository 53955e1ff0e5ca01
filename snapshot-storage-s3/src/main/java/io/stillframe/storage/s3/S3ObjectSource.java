package io.stillframe.storage.s3;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectStat;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** Ranged reads of one version of an object, each a request of its own with {@code If-Match}. Holds nothing open between them. */
final class S3ObjectSource implements ByteSource {
    private final S3Calls.Client client;
    private final S3Requests requests;
    private final ObjectStat stat;

    S3ObjectSource(S3Calls.Client client, S3Requests requests, ObjectStat stat) {
        this.client = client;
        this.requests = requests;
        this.stat = stat;
    }

    @Override
    public long size() {
        return stat.size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        ByteRange range = ByteRange.ofLength(position, target.remaining());
        if (range.end() > stat.size()) {
            throw SnapshotException.invalid(
                    "bytes " + range + " are not within the " + stat.size() + " of " + describe());
        }
        if (range.isEmpty()) {
            return;
        }
        GetObjectResponse answer = fetch(range, target.slice());
        requireRange(answer, range);
        target.position(target.limit());
    }

    @Override
    public String describe() {
        return "s3 object " + requests.bucket() + "/" + requests.fullKey(stat.key());
    }

    @Override
    public void close() {}

    private GetObjectResponse fetch(ByteRange range, ByteBuffer into) {
        GetObjectRequest request = requests.get(stat.key())
                .range("bytes=" + range.start() + "-" + (range.end() - 1))
                .ifMatch("\"" + stat.version() + "\"")
                .build();
        BufferedAnswer answer = new BufferedAnswer(into);
        String what = "reading bytes " + range + " of " + describe();
        try {
            return client.calls().transferRaw(() -> client.s3().getObject(request, answer), answer::abandon);
        } catch (ExecutionException e) {
            int status = S3Errors.status(e);
            if (status == 412 || status == 416) {
                throw new SnapshotException(Kind.CONFLICT, what + ": the object was replaced since it was opened", e);
            }
            throw S3Errors.map(what, e);
        }
    }

    /** A server that ignores the range must not pass for one that has honoured it. */
    private void requireRange(GetObjectResponse answer, ByteRange range) {
        String got = answer.contentRange();
        boolean right = got == null
                ? range.start() == 0 && range.end() == stat.size()
                : got.startsWith("bytes " + range.start() + "-" + (range.end() - 1));
        if (!right) {
            throw SnapshotException.permanent(
                    "the server answered with other bytes than " + range + " of " + describe() + ": " + got, null);
        }
    }
}
