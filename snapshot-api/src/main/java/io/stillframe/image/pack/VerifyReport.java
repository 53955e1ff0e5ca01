package io.stillframe.image.pack;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a verification did and found.
 *
 * @param chunksStored chunks that the index calls stored, wherever they lie
 * @param chunksChecked how many of them were read and checked
 * @param chunksElsewhere how many were passed over because they lie in packs that were not at hand
 * @param bytesChecked bytes of disk in the chunks that were checked
 * @param seed from which the sample was drawn; empty if everything was read
 * @param findingCount how many faults there are
 * @param findings the first 1000 of them
 */
public record VerifyReport(
        long chunksStored,
        long chunksChecked,
        long chunksElsewhere,
        long bytesChecked,
        OptionalLong seed,
        long findingCount,
        List<VerifyFinding> findings) {
    public VerifyReport {
        findings = List.copyOf(findings);
    }

    /** Whether nothing is wrong with what was checked. */
    public boolean clean() {
        return findingCount == 0;
    }
}
