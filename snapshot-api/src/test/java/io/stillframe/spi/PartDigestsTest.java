package io.stillframe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class PartDigestsTest {
    private final ByteBuffer bytes = ByteBuffer.wrap("xabcx".getBytes(StandardCharsets.US_ASCII))
            .position(1)
            .limit(4);

    /** RFC 1321, appendix A.5. */
    @Test
    void theBytesFromPositionToLimitAreDigestedAndLeftAlone() {
        byte[] md5 = PartDigests.of(bytes).digest("MD5");
        assertThat(HexFormat.of().formatHex(md5)).isEqualTo("900150983cd24fb0d6963f7d28e17f72");
        assertThat(bytes.position()).isEqualTo(1);
        assertThat(bytes.limit()).isEqualTo(4);
    }

    @Test
    void eachIsComputedOnceAndNobodySpoilsItForOthers() {
        PartDigests digests = PartDigests.of(bytes);
        byte[] first = digests.digest("MD5");
        byte[] kept = first.clone();
        first[0]++;
        bytes.put(1, (byte) 'X');
        assertThat(digests.digest("MD5")).isEqualTo(kept);
    }

    @Test
    void anUnknownAlgorithmIsUnsupported() {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> PartDigests.of(bytes).digest("MD0"))
                .matches(e -> e.kind() == Kind.UNSUPPORTED);
    }
}
