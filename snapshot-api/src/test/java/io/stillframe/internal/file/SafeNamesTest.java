package io.stillframe.internal.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SafeNamesTest {
    private static final String BYTES = "aAbB.%0cCoOnN é\u00ff1";

    @ParameterizedTest
    @CsvSource({
        "vda.qcow2, vda.qcow2, vda%2eqcow2",
        "A, %41, %41",
        ".a., %2ea%2e, %2ea%2e",
        "a b, a%20b, a%20b",
        "con, %63on, %63on",
        "con.txt, %63on.txt, con%2etxt",
        "com1, %63om1, %63om1",
        "lpt0.a.b, %6cpt0.a.b, lpt0%2ea%2eb",
        "console, console, console",
        "com10, com10, com10",
        "%41, %2541, %2541",
        "é, %c3%a9, %c3%a9",
        "a_-+=@, a_-+=@, a_-+=@",
    })
    void theMappingStays(String text, String withDots, String withoutDots) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThat(SafeNames.escape(bytes, true)).isEqualTo(withDots);
        assertThat(SafeNames.escape(bytes, false)).isEqualTo(withoutDots);
    }

    @Test
    void everyNameComesBackAndNamesDifferEvenWithoutCase() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Set<String> texts = new HashSet<>();
        Set<String> names = new HashSet<>();
        for (int n = 0; n < 20_000; n++) {
            byte[] bytes = new byte[1 + random.nextInt(4)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) BYTES.charAt(random.nextInt(BYTES.length()));
            }
            boolean dots = random.nextBoolean();
            String name = SafeNames.escape(bytes, dots);
            assertThat(SafeNames.unescape(name, dots)).as("seed %s", seed).hasValue(bytes);
            assertThat(name).matches("[a-z0-9_+=@,%.-]+").doesNotStartWith(".").doesNotEndWith(".");
            if (!dots) {
                texts.add(new String(bytes, StandardCharsets.ISO_8859_1));
                names.add(name.toLowerCase(Locale.ROOT));
            }
        }
        assertThat(names).hasSameSizeAs(texts);
    }

    @ParameterizedTest
    @CsvSource({"%", "%4", "%zz", "%41b%", "A", "a b", "%61", "con", "%C3", "a%2Eb", ".a", "a.", "é"})
    void otherNamesAreNone(String name) {
        assertThat(SafeNames.unescape(name, true)).isEmpty();
    }

    @Test
    void longTextsKeepTheirOwnShortNames() {
        Set<String> names = new HashSet<>();
        for (String text : new String[] {"x".repeat(201), "x".repeat(202), "Ä".repeat(100), "\uD800", "\uD801", "?"}) {
            String name = SafeNames.ofText(text);
            assertThat(name).hasSizeLessThanOrEqualTo(200).matches("[a-z0-9%]+");
            names.add(name);
        }
        assertThat(names).hasSize(6);
    }
}
