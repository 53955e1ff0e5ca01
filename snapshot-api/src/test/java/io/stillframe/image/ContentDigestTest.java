package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class ContentDigestTest {
    private static final int MIB = 1 << 20;

    /** Computed step by step from the definition in {@link io.stillframe.model.Digest}. */
    @Test
    void followsItsDefinition() throws Exception {
        byte[] second = new byte[MIB];
        second[MIB - 1] = 7;
        byte[] last = {1, 2, 3};
        MemoryBlockSource disk = MemoryBlockSource.builder(3L * MIB + 3)
                .data(MIB, second)
                .data(2L * MIB, new byte[MIB])
                .data(3L * MIB, last)
                .build();
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        sha.update(number(3L * MIB + 3));
        sha.update(number(1));
        sha.update(MessageDigest.getInstance("SHA-256").digest(second));
        sha.update(number(3));
        sha.update(MessageDigest.getInstance("SHA-256").digest(last));
        assertThat(DiskCopy.digest(disk, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none()))
                .hasToString("sha256-1m:" + HexFormat.of().formatHex(sha.digest()));
    }

    @Test
    void tellsEmptyDisksOfDifferentSizesApart() {
        assertThat(new ContentDigest(MIB).finish()).isNotEqualTo(new ContentDigest(2 * MIB).finish());
        assertThat(DiskAssert.contentDigest(MemoryBlockSource.builder(MIB).build()))
                .isEqualTo(new ContentDigest(MIB).finish());
    }

    @Test
    void isTheSameForZerosWrittenAndHoles() {
        MemoryBlockSource holes = MemoryBlockSource.builder(5 * MIB).build();
        MemoryBlockSource zeros =
                MemoryBlockSource.builder(5 * MIB).data(100, new byte[4 * MIB]).build();
        assertThat(digest(zeros)).isEqualTo(digest(holes));
        assertThat(digest(SeededDisk.dense(5 * MIB, 1))).isNotEqualTo(digest(holes));
    }

    @Test
    void takesChunksInOrderAndWithinTheDiskOnly() {
        ContentDigest digest = new ContentDigest(2 * MIB + 1);
        byte[] sha = new byte[ContentDigest.CHUNK_DIGEST];
        digest.add(1, sha, 0);
        assertThatThrownBy(() -> digest.add(1, sha, 0)).isInstanceOf(SnapshotException.class);
        assertThatThrownBy(() -> digest.add(3, sha, 0)).isInstanceOf(SnapshotException.class);
        digest.add(2, sha, 0);
    }

    private static io.stillframe.model.Digest digest(MemoryBlockSource disk) {
        return DiskCopy.digest(disk, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }
}
