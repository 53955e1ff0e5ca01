package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ZeroTestTest {
    @Test
    void findsOneByteWhereverItIs() {
        for (ByteBuffer buffer : new ByteBuffer[] {ByteBuffer.allocateDirect(700), ByteBuffer.allocate(700)}) {
            for (int at = 0; at < 700; at++) {
                buffer.put(at, (byte) 0x80);
                assertThat(ZeroTest.isZero(buffer, 0, 700)).as("byte %d", at).isFalse();
                assertThat(ZeroTest.isZero(buffer, at, 1)).isFalse();
                assertThat(ZeroTest.isZero(buffer, 0, at)).isTrue();
                assertThat(ZeroTest.isZero(buffer, at + 1, 699 - at)).isTrue();
                buffer.put(at, (byte) 0);
            }
            assertThat(ZeroTest.isZero(buffer, 0, 700)).isTrue();
        }
    }

    @Test
    void usesNeitherPositionNorWhatIsBehindTheLimit() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(256).position(200);
        assertThat(ZeroTest.isZero(buffer, 3, 250)).isTrue();
        assertThat(buffer.position()).isEqualTo(200);
        assertThatThrownBy(() -> ZeroTest.isZero(buffer, 100, 157)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
