package io.stillframe.libvirt.internal.rbd;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Extent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Where an image holds data, or differs from an older snapshot of it, asked of librbd window by window.
 *
 * <p>With a trusted map of objects, whole objects are told from that map alone; without one, each object is asked, and the windows are
 * smaller. Windows begin where the layout repeats: librbd before Ceph 17 answers wrongly for other beginnings.
 */
final class RbdMap {
    private static final long OBJECTS_BY_MAP = 4096;
    private static final long OBJECTS_ASKED = 64;

    private final RbdImage image;
    private final Optional<String> since;
    private final long size;
    private final long window;
    private final boolean byMap;
    private final AtomicReference<@Nullable Told> last = new AtomicReference<>();

    /** What was told of one window; a snapshot does not change. */
    private record Told(ByteRange window, List<ByteRange> runs) {}

    private RbdMap(RbdImage image, Optional<String> since, long size, long window, boolean byMap) {
        this.image = image;
        this.since = since;
        this.size = size;
        this.window = window;
        this.byMap = byMap;
    }

    /** Where it holds data. */
    static RbdMap of(RbdImage image) {
        boolean byMap = image.hasFastDiff();
        long window = Math.multiplyExact(image.period(), byMap ? OBJECTS_BY_MAP : OBJECTS_ASKED);
        return new RbdMap(image, Optional.empty(), image.size(), window, byMap);
    }

    /**
     * Where it may differ from an older snapshot. Without a trusted map of objects, everywhere: diffs by single objects miss what was
     * discarded in some releases of librbd.
     */
    static Optional<RbdMap> since(RbdImage image, String snapshot) {
        return image.hasFastDiff()
                ? Optional.of(new RbdMap(
                        image,
                        Optional.of(snapshot),
                        image.size(),
                        Math.multiplyExact(image.period(), OBJECTS_BY_MAP),
                        true))
                : Optional.empty();
    }

    /** The extents of a range: data where librbd tells of some, holes elsewhere. */
    Iterator<Extent> extents(ByteRange range) {
        return new Windows(range);
    }

    /** As {@link #runs}, of the window that was asked for last without asking again. */
    private List<ByteRange> runsOf(ByteRange asked) {
        @Nullable Told known = last.get();
        if (known != null && known.window.equals(asked)) {
            return known.runs;
        }
        List<ByteRange> runs = runs(asked);
        last.set(new Told(asked, runs));
        return runs;
    }

    /** The runs of data, or of changes, in ascending order, merged where they touch. */
    List<ByteRange> runs(ByteRange asked) {
        List<ByteRange> runs = new ArrayList<>();
        AtomicBoolean outside = new AtomicBoolean();
        RbdCalls.DiffListener listener = (offset, length, exists, argument) -> {
            // Nothing may be thrown through librbd.
            if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length) {
                outside.set(true);
            } else if ((exists != 0 || since.isPresent()) && length > 0) {
                runs.add(ByteRange.ofLength(offset, length));
            }
            return 0;
        };
        image.diff(since.orElse(null), asked.start(), asked.length(), byMap, listener);
        if (outside.get()) {
            throw SnapshotException.permanent(
                    "librbd told of a run outside of the volume "
                            + image.volume().name(),
                    null);
        }
        return merged(runs, asked);
    }

    private static List<ByteRange> merged(List<ByteRange> runs, ByteRange within) {
        runs.sort(Comparator.comparingLong(ByteRange::start));
        List<ByteRange> merged = new ArrayList<>();
        @Nullable ByteRange open = null;
        for (ByteRange run : runs) {
            long start = Math.max(run.start(), within.start());
            long end = Math.min(run.end(), within.end());
            if (start >= end) {
                continue;
            }
            if (open != null && start <= open.end()) {
                open = new ByteRange(open.start(), Math.max(open.end(), end));
                merged.set(merged.size() - 1, open);
            } else {
                open = new ByteRange(start, end);
                merged.add(open);
            }
        }
        return merged;
    }

    /** The extents of a range, one window of runs at a time. For one thread. */
    private final class Windows implements Iterator<Extent> {
        private final ByteRange range;
        private final Deque<Extent> ready = new ArrayDeque<>();
        private long told;

        Windows(ByteRange range) {
            this.range = range;
            this.told = range.start();
        }

        @Override
        public boolean hasNext() {
            return !ready.isEmpty() || told < range.end();
        }

        @Override
        public Extent next() {
            while (ready.isEmpty()) {
                if (told >= range.end()) {
                    throw new NoSuchElementException();
                }
                ask();
            }
            return ready.remove();
        }

        private void ask() {
            long start = told / window * window;
            ByteRange asked = new ByteRange(start, start + Math.min(window, size - start));
            long end = Math.min(asked.end(), range.end());
            for (ByteRange run : runsOf(asked)) {
                add(run.start(), Extent.Kind.HOLE, end);
                add(run.end(), Extent.Kind.DATA, end);
            }
            add(end, Extent.Kind.HOLE, end);
        }

        private void add(long until, Extent.Kind kind, long limit) {
            long end = Math.min(until, limit);
            if (end > told) {
                ready.add(new Extent(new ByteRange(told, end), kind));
                told = end;
            }
        }
    }
}
