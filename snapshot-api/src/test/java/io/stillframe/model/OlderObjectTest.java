package io.stillframe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.SnapshotException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OlderObjectTest {
    private static final OlderObject OLDER = new OlderObject("snapshots/a/vda.pack", 1, Optional.empty());

    private static final DiskSnapshot DISK = new DiskSnapshot(
            "vda",
            DiskRole.ROOT,
            "raw",
            1 << 20,
            "pack",
            Optional.of("snapshots/b/vda.pack"),
            7,
            5,
            Optional.empty(),
            Optional.empty(),
            Optional.of("a volume's snapshot"),
            List.of());

    @ParameterizedTest
    @CsvSource({"'', 1", "a, 0", "a, -1"})
    void needsAKeyAndALength(String object, long bytes) {
        assertThatThrownBy(() -> new OlderObject(object, bytes, Optional.empty()))
                .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.INVALID))
                .hasMessageContaining("'" + object + "' of " + bytes + " bytes");
    }

    @Test
    void aDisksListIsItsOwn() {
        List<OlderObject> list = new ArrayList<>(List.of(OLDER));
        DiskSnapshot disk = DISK.withOlder(list);
        list.clear();
        assertThat(disk.older()).containsExactly(OLDER);
        assertThat(disk.withOlder(List.of())).isEqualTo(DISK);
    }

    @Test
    void aDiskKeepsItsListUnlessNothingOfItIsStored() {
        DiskSnapshot disk = DISK.withOlder(List.of(OLDER));
        assertThat(disk.withVolume(Optional.empty()).older()).containsExactly(OLDER);
        assertThat(disk.unstored().older()).isEmpty();
    }
}
