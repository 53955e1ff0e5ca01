package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.services.s3.model.DeleteMarkerEntry;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsRequest;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.ObjectLockLegalHoldStatus;
import software.amazon.awssdk.services.s3.model.ObjectVersion;

/**
 * Removes objects with all of their versions, for a store that locks them: a plain deletion would succeed, hide a locked object behind a
 * delete marker and leave its bytes where they are.
 */
final class VersionRemoval {
    private final S3Calls.Client client;
    private final S3Requests requests;

    VersionRemoval(S3Calls.Client client, S3Requests requests) {
        this.client = client;
        this.requests = requests;
    }

    /** @throws SnapshotException CONFLICT if one is locked; those before it are removed */
    void delete(Collection<ObjectKey> keys) {
        new LinkedHashSet<>(keys).forEach(this::delete);
    }

    /** Delete markers go last: without them a locked version would be seen again. */
    private void delete(ObjectKey key) {
        List<String> versions = new ArrayList<>();
        List<String> markers = new ArrayList<>();
        find(key, versions, markers);
        versions.forEach(version -> delete(key, version));
        markers.forEach(marker -> delete(key, marker));
    }

    private void find(ObjectKey key, List<String> versions, List<String> markers) {
        String full = requests.fullKey(key);
        String what = "listing the versions of " + key + " in bucket " + requests.bucket();
        ListObjectVersionsRequest.Builder request =
                ListObjectVersionsRequest.builder().bucket(requests.bucket()).prefix(full);
        boolean more = true;
        while (more) {
            ListObjectVersionsResponse page =
                    client.calls().await(what, () -> client.s3().listObjectVersions(request.build()));
            S3Errors.required(what, page.name());
            page.versions().stream()
                    .filter(version -> version.key().equals(full))
                    .map(ObjectVersion::versionId)
                    .forEach(versions::add);
            page.deleteMarkers().stream()
                    .filter(marker -> marker.key().equals(full))
                    .map(DeleteMarkerEntry::versionId)
                    .forEach(markers::add);
            // Of all keys with this prefix, the key itself is the first.
            more = Boolean.TRUE.equals(page.isTruncated()) && full.equals(page.nextKeyMarker());
            request.keyMarker(page.nextKeyMarker()).versionIdMarker(page.nextVersionIdMarker());
        }
    }

    private void delete(ObjectKey key, String version) {
        String what = "deleting version " + version + " of " + key + " from bucket " + requests.bucket();
        DeleteObjectRequest request = DeleteObjectRequest.builder()
                .bucket(requests.bucket())
                .key(requests.fullKey(key))
                .versionId(version)
                .build();
        try {
            client.calls().raw(() -> client.s3().deleteObject(request));
        } catch (ExecutionException e) {
            if (S3Errors.status(e) == 403) {
                requireUnlocked(what, key, version);
            }
            if (S3Errors.status(e) != 404 || S3Errors.code(e).equals("NoSuchBucket")) {
                throw S3Errors.map(what, e);
            }
        }
    }

    /** The same status also means that this user may not delete at all. */
    private void requireUnlocked(String what, ObjectKey key, String version) {
        HeadObjectRequest request =
                requests.head(key).toBuilder().versionId(version).build();
        HeadObjectResponse head = client.calls().await(what, () -> client.s3().headObject(request));
        if (head.objectLockLegalHoldStatus() == ObjectLockLegalHoldStatus.ON) {
            throw SnapshotException.conflict(what + ": it is under a legal hold; lift the hold, then delete it again");
        }
        Optional<Instant> end = Optional.ofNullable(head.objectLockRetainUntilDate());
        if (end.filter(Instant.now()::isBefore).isPresent()) {
            throw SnapshotException.conflict(what + ": it is locked until " + end.get() + " (Object Lock, "
                    + head.objectLockModeAsString() + "); delete it again then");
        }
    }
}
