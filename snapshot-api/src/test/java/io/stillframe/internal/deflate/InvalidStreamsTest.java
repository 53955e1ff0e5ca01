package io.stillframe.internal.deflate;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.internal.deflate.Inflate.Outcome;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One stream for each fault that RFC 1951 knows, and for each that zlib allows; zlib gives the same verdict on all of them. */
class InvalidStreamsTest {
    private static final int ROOM = 1000;
    private static final int[] ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

    private final ZlibReference reference = new ZlibReference();

    @AfterEach
    void close() {
        reference.close();
    }

    @Test
    void theThirdTypeOfBlock() {
        assertThat(verdict(bits("1 11"))).isEqualTo(Outcome.INVALID);
    }

    @Test
    void noBytesAndAnEmptyBlock() {
        assertThat(reference.verify(new byte[0], 0, 0, ROOM)).isEqualTo(Outcome.TRUNCATED);
        assertThat(verdict(bits("1 10 0000000"))).isEqualTo(Outcome.ENDED);
    }

    @Test
    void aStoredBlockWhoseLengthsDiffer() {
        byte[] stream = {1, 3, 0, -4, -1, 7, 8, 9};
        assertThat(verdict(stream)).isEqualTo(Outcome.ENDED);
        stream[3] ^= 0x10;
        assertThat(verdict(stream)).isEqualTo(Outcome.INVALID);
        assertThat(verdict(new byte[] {1, 4, 0, -5, -1, 7, 8, 9})).isEqualTo(Outcome.TRUNCATED);
        assertThat(verdict(new byte[] {1, 4, 0, -5})).isEqualTo(Outcome.TRUNCATED);
    }

    /** A literal, then the shortest match. */
    @ParameterizedTest
    @CsvSource({"00000, ENDED", "00001, INVALID", "11101, INVALID", "11110, INVALID", "11111, INVALID"})
    void distancesInAFixedBlock(String distance, Outcome outcome) {
        String extra = distance.equals("11101") ? "0000000000000" : "";
        assertThat(verdict(bits("1 10 00110000 0000001 " + distance + extra + "0000000")))
                .isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource({"11000101, ENDED", "11000110, INVALID", "11000111, INVALID"})
    void lengthsInAFixedBlock(String length, Outcome outcome) {
        assertThat(verdict(bits("1 10 00110000" + length + "00000 0000000"))).isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource({"286, 30, TRUNCATED", "287, 1, INVALID", "288, 1, INVALID", "257, 31, INVALID", "257, 32, INVALID"})
    void tooManyCodes(int literals, int distances, Outcome outcome) {
        assertThat(verdict(bits("1 01" + number(literals - 257, 5) + number(distances - 1, 5) + number(0, 4))))
                .isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource({
        "0 0 0 0, INVALID",
        "1 0 0 0, INVALID",
        "1 1 1 0, INVALID",
        "2 2 2 0, INVALID",
        "7 7 7 7, INVALID",
        "2 2 1 0, TRUNCATED"
    })
    void codesOfCodeLengths(String lengths, Outcome outcome) {
        StringBuilder stream = new StringBuilder("1 01 00000 00000 0000");
        for (String length : lengths.split(" ")) {
            stream.append(number(Integer.parseInt(length), 3));
        }
        if (outcome == Outcome.INVALID) {
            stream.append("0".repeat(300));
        }
        assertThat(verdict(bits(stream.toString()))).isEqualTo(outcome);
    }

    @Test
    void aRepetitionOfNothing() {
        assertThat(verdict(header().put(16, 0).stream(""))).isEqualTo(Outcome.INVALID);
    }

    @Test
    void aRepetitionBehindTheLastCode() {
        assertThat(verdict(header().put(18, 127).put(18, 110).put(1).put(16, 3).stream("")))
                .isEqualTo(Outcome.INVALID);
        assertThat(verdict(header().put(18, 127).put(18, 127).stream(""))).isEqualTo(Outcome.INVALID);
    }

    @Test
    void noCodeForTheEndOfTheBlock() {
        assertThat(verdict(header().put(1).put(1).put(18, 127).put(18, 105).put(0).put(0).stream("")))
                .isEqualTo(Outcome.INVALID);
    }

    /** Code 256 is the only one, and may be: the bit that is not its code is invalid. */
    @ParameterizedTest
    @CsvSource({"0, ENDED", "1, INVALID"})
    void aSingleCode(String code, Outcome outcome) {
        assertThat(verdict(header().put(18, 127).put(18, 107).put(1).put(0).stream(code)))
                .isEqualTo(outcome);
    }

    /** Two bits for one code leave others without meaning: refused before any is met. */
    @ParameterizedTest
    @CsvSource({"2, 0, 0", "1, 2, 0", "1, 0, 2", "1, 1, 1"})
    void incompleteAndOversubscribedCodes(int first, int second, int distance) {
        Header header = header().put(first)
                .put(second)
                .put(18, 127)
                .put(18, 105)
                .put(first)
                .put(distance);
        assertThat(verdict(header.stream("0".repeat(40)))).isEqualTo(Outcome.INVALID);
    }

    /** A literal (0), the end (10), the shortest match (11); distances have no code, or one of one bit that means 1. */
    @ParameterizedTest
    @CsvSource({
        "0, 0 10, ENDED",
        "0, 0 11 0 10, INVALID",
        "1, 0 11 0 10, ENDED",
        "1, 0 11 1 10, INVALID",
        "1, 11 0 10, INVALID"
    })
    void fewDistances(int distance, String code, Outcome outcome) {
        Header header =
                new Header(258).put(1).put(18, 127).put(18, 106).put(2).put(2).put(distance);
        assertThat(verdict(header.stream(code))).isEqualTo(outcome);
    }

    /** What is behind the last byte that there is room for is decoded up to the next byte. */
    @ParameterizedTest
    @CsvSource({
        "0000000, ENDED",
        "00110001, FULL",
        "00110, FULL",
        "'', FULL",
        "0000001 11110, INVALID",
        "0000001 11101 0000000000000, FULL",
        "11000111, INVALID"
    })
    void whatFollowsWhenTheRoomIsFull(String code, Outcome outcome) {
        byte[] stream = bits("1 10 00110000" + code);
        int length = code.isEmpty() ? 2 : stream.length;
        assertThat(reference.verify(stream, 0, length, 1)).isEqualTo(outcome);
    }

    private Outcome verdict(byte[] stream) {
        return reference.verify(stream, 0, stream.length, ROOM);
    }

    private static Header header() {
        return new Header(257);
    }

    /** A block's header, whose codes of code lengths are all of five bits, but for those of 0 to 12, which have four. */
    private static final class Header {
        private final StringBuilder stream = new StringBuilder("1 01");

        Header(int literals) {
            stream.append(number(literals - 257, 5)).append(number(0, 5)).append(number(15, 4));
            for (int symbol : ORDER) {
                stream.append(number(symbol <= 12 ? 4 : 5, 3));
            }
        }

        Header put(int symbol) {
            StringBuilder code = new StringBuilder(symbol <= 12 ? number(symbol, 4) : number(26 + symbol - 13, 5));
            stream.append(code.reverse());
            return this;
        }

        /** A repetition with its extra bits. */
        Header put(int symbol, int extra) {
            put(symbol);
            stream.append(number(extra, symbol == 16 ? 2 : symbol == 17 ? 3 : 7));
            return this;
        }

        byte[] stream(String rest) {
            return bits(stream + rest);
        }
    }

    /** A number as it is stored, the lowest bit first. */
    private static String number(int value, int length) {
        StringBuilder bits = new StringBuilder();
        for (int i = 0; i < length; i++) {
            bits.append(value >> i & 1);
        }
        return bits.toString();
    }

    /** Bits in the order in which they are read; zeros up to the next byte. */
    private static byte[] bits(String text) {
        String bits = text.replace(" ", "");
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int at = 0; at < bits.length(); at += 8) {
            int value = 0;
            for (int i = 0; i < 8 && at + i < bits.length(); i++) {
                value |= (bits.charAt(at + i) - '0') << i;
            }
            stream.write(value);
        }
        return stream.toByteArray();
    }
}
