package io.stillframe.model;

/**
 * Why a snapshot failed.
 *
 * @param kind what went wrong
 * @param reason for a person: the value, the limit and the remedy
 */
public record Failure(SnapshotException.Kind kind, String reason) {
    public static Failure of(SnapshotException e) {
        return new Failure(e.kind(), String.valueOf(e.getMessage()));
    }
}
