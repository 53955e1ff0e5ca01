package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import java.util.Optional;

/** Tells writers over a container's quota what it is, and how much of it is used. */
final class ContainerQuota {
    private static final int TOO_LARGE = 413;

    private ContainerQuota() {}

    /** The failure of a write that was refused; looked into only if it was for its size. */
    static SnapshotException refusal(String what, Answer answer, SwiftClient client, String container) {
        SnapshotException refused = SwiftErrors.of(what, answer);
        return answer.status() == TOO_LARGE
                ? describe(client, container)
                        .map(quota -> SnapshotException.permanent(refused.getMessage() + quota, null))
                        .orElse(refused)
                : refused;
    }

    private static Optional<String> describe(SwiftClient client, String container) {
        try {
            Answer found = client.call("looking at the quota", SwiftCall.describing(SwiftNames.path(container)));
            Optional<String> bytes = used(found, "X-Container-Meta-Quota-Bytes", "X-Container-Bytes-Used", " bytes");
            Optional<String> count =
                    used(found, "X-Container-Meta-Quota-Count", "X-Container-Object-Count", " objects");
            return bytes.map(first ->
                            count.map(second -> first + " and " + second).orElse(first))
                    .or(() -> count)
                    .map(all -> ": container " + container + " has " + all
                            + "; raise the quota, or delete what is not needed");
        } catch (SnapshotException e) {
            // What is known already must do.
            return Optional.empty();
        }
    }

    private static Optional<String> used(Answer found, String quota, String use, String unit) {
        return found.header(quota).flatMap(most -> found.header(use).map(now -> now + " of at most " + most + unit));
    }
}
