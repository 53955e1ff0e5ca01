package io.stillframe.image.pack;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The table of packs that a new index points into, filled as pages come to need them. For one thread. */
final class OlderPacks {
    private final Optional<IndexedDisk> base;
    private final List<PackReference> packs;
    private final Map<Integer, Integer> numbers = new HashMap<>();

    OlderPacks(Optional<IndexedDisk> base) {
        this(base, new ArrayList<>());
    }

    /** @param packs may have packs already, which are found by their identity; grows */
    OlderPacks(Optional<IndexedDisk> base, List<PackReference> packs) {
        this.base = base;
        this.packs = packs;
    }

    /** A chunk of the base with the number that its pack has in the new table. */
    StoredChunk renumbered(StoredChunk chunk) {
        int number = numbers.computeIfAbsent(chunk.pack(), this::number);
        return new StoredChunk(number, chunk.offset(), chunk.stored(), chunk.raw(), chunk.checksum());
    }

    private int number(int inBase) {
        PackReference pack = base.orElseThrow().file().pack(inBase);
        for (int i = 0; i < packs.size(); i++) {
            if (packs.get(i).id().equals(pack.id())) {
                return i + 1;
            }
        }
        packs.add(pack);
        return packs.size();
    }

    List<PackReference> packs() {
        return packs;
    }
}
