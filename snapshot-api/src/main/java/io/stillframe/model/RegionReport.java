package io.stillframe.model;

import java.util.List;

/**
 * How far work on all snapshots of a region is.
 *
 * @param begun snapshots that were taken up
 * @param done snapshots that are as they are to be
 * @param failures what could not be done
 */
public record RegionReport(long begun, long done, List<Failed> failures) {
    /**
     * One snapshot that is not as it is to be.
     *
     * @param snapshot which
     * @param reason for a person
     */
    public record Failed(SnapshotId snapshot, String reason) {}

    public RegionReport {
        failures = List.copyOf(failures);
    }
}
