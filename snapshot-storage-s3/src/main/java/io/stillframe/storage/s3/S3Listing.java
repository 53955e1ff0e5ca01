package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadToken;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.services.s3.model.Delete;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectsRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsRequest;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Lists and removes what a store holds. Keys in the bucket that could not be this store's are passed over. */
final class S3Listing {
    private static final int MOST_DELETED_AT_ONCE = 1000;
    private static final int MOST_LISTED = 1000;

    private final S3Calls.Client client;
    private final S3Settings settings;

    S3Listing(S3Calls.Client client, S3Settings settings) {
        this.client = client;
        this.settings = settings;
    }

    Page<ObjectStat> objects(String prefix, Optional<String> after, int limit) {
        requireLimit(limit);
        ListObjectsV2Request request = ListObjectsV2Request.builder()
                .bucket(settings.bucket())
                .prefix(settings.prefix() + prefix)
                .continuationToken(after.orElse(null))
                .maxKeys(limit)
                .build();
        String what = "listing bucket " + settings.bucket();
        ListObjectsV2Response answer =
                client.calls().await(what, () -> client.s3().listObjectsV2(request));
        S3Errors.required(what, answer.name());
        List<ObjectStat> found = new ArrayList<>();
        for (S3Object object : answer.contents()) {
            keyOf(object.key())
                    .ifPresent(key -> found.add(new ObjectStat(
                            key, object.size(), S3Lookup.unquoted(object.eTag()), object.lastModified())));
        }
        boolean more = Boolean.TRUE.equals(answer.isTruncated());
        return new Page<>(found, more ? Optional.ofNullable(answer.nextContinuationToken()) : Optional.empty());
    }

    Page<UnfinishedUpload> uploads(String prefix, Optional<String> after, int limit) {
        requireLimit(limit);
        ListMultipartUploadsRequest.Builder request = ListMultipartUploadsRequest.builder()
                .bucket(settings.bucket())
                .prefix(settings.prefix() + prefix)
                .maxUploads(limit);
        after.ifPresent(token -> applyMarkers(request, token));
        String what = "listing unfinished uploads of bucket " + settings.bucket();
        ListMultipartUploadsResponse answer =
                client.calls().await(what, () -> client.s3().listMultipartUploads(request.build()));
        S3Errors.required(what, answer.bucket());
        List<UnfinishedUpload> found = new ArrayList<>();
        for (MultipartUpload upload : answer.uploads()) {
            keyOf(upload.key())
                    .ifPresent(key -> found.add(new UnfinishedUpload(tokenOf(key, upload), upload.initiated())));
        }
        boolean more = Boolean.TRUE.equals(answer.isTruncated());
        return new Page<>(found, more ? Optional.of(markersOf(answer)) : Optional.empty());
    }

    /** Whether an upload is neither completed nor aborted. */
    boolean isUnfinished(ObjectKey key, String uploadId) {
        Optional<String> after = Optional.empty();
        do {
            Page<UnfinishedUpload> page = uploads(key.value(), after, MOST_LISTED);
            if (page.items().stream()
                    .anyMatch(upload ->
                            UploadState.parse(upload.token().state()).uploadId().equals(uploadId))) {
                return true;
            }
            after = page.next();
        } while (after.isPresent());
        return false;
    }

    void delete(Collection<ObjectKey> keys) {
        List<ObjectKey> all = keys.stream().distinct().toList();
        if (all.size() == 1) {
            deleteOne(all.get(0));
            return;
        }
        for (int from = 0; from < all.size(); from += MOST_DELETED_AT_ONCE) {
            deleteAtOnce(all.subList(from, Math.min(all.size(), from + MOST_DELETED_AT_ONCE)));
        }
    }

    private void deleteOne(ObjectKey key) {
        String what = "deleting " + key + " from bucket " + settings.bucket();
        DeleteObjectRequest request = DeleteObjectRequest.builder()
                .bucket(settings.bucket())
                .key(settings.prefix() + key.value())
                .build();
        try {
            client.calls().raw(() -> client.s3().deleteObject(request));
        } catch (ExecutionException e) {
            if (S3Errors.status(e) != 404 || S3Errors.code(e).equals("NoSuchBucket")) {
                throw S3Errors.map(what, e);
            }
        }
    }

    private void deleteAtOnce(List<ObjectKey> keys) {
        List<ObjectIdentifier> names = keys.stream()
                .map(key -> ObjectIdentifier.builder()
                        .key(settings.prefix() + key.value())
                        .build())
                .toList();
        DeleteObjectsRequest request = DeleteObjectsRequest.builder()
                .bucket(settings.bucket())
                .delete(Delete.builder().objects(names).quiet(false).build())
                .build();
        String what = "deleting " + keys.size() + " objects from bucket " + settings.bucket();
        DeleteObjectsResponse answer =
                client.calls().await(what, () -> client.s3().deleteObjects(request));
        List<S3Error> failed = answer.errors().stream()
                .filter(error -> !"NoSuchKey".equals(error.code()))
                .toList();
        if (!failed.isEmpty()) {
            throw stayed(what, failed);
        }
        if (answer.deleted().size() + answer.errors().size() < keys.size()) {
            throw SnapshotException.transientFault(what + ": the answer is not whole", null);
        }
    }

    private static SnapshotException stayed(String what, List<S3Error> failed) {
        S3Error first = failed.get(0);
        String message = what + ": " + failed.size() + " stayed, first " + first.key() + " (" + first.code() + ")";
        boolean passing = "InternalError".equals(first.code()) || "SlowDown".equals(first.code());
        return passing ? SnapshotException.transientFault(message, null) : SnapshotException.permanent(message, null);
    }

    private UploadToken tokenOf(ObjectKey key, MultipartUpload upload) {
        int size = settings.capabilities().smallestPart();
        return new UploadToken(key, PartLayout.fixed(size), new UploadState("", upload.uploadId()).format());
    }

    /** Control characters occur neither in keys of ours nor in upload ids. */
    private static String markersOf(ListMultipartUploadsResponse answer) {
        String upload = answer.nextUploadIdMarker() == null ? "" : answer.nextUploadIdMarker();
        return upload + "\n" + answer.nextKeyMarker();
    }

    private static void applyMarkers(ListMultipartUploadsRequest.Builder request, String token) {
        int end = token.indexOf('\n');
        if (end < 0) {
            throw SnapshotException.invalid("the token is not one of a listing of unfinished uploads");
        }
        request.keyMarker(token.substring(end + 1));
        if (end > 0) {
            request.uploadIdMarker(token.substring(0, end));
        }
    }

    private Optional<ObjectKey> keyOf(String full) {
        if (!full.startsWith(settings.prefix())) {
            return Optional.empty();
        }
        try {
            return Optional.of(ObjectKey.of(full.substring(settings.prefix().length())));
        } catch (SnapshotException e) {
            return Optional.empty();
        }
    }

    private static void requireLimit(int limit) {
        if (limit < 1 || limit > MOST_LISTED) {
            throw SnapshotException.invalid("a page has 1 to " + MOST_LISTED + " items, asked for " + limit);
        }
    }
}
