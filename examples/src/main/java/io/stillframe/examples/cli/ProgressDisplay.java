package io.stillframe.examples.cli;

import io.stillframe.model.Progress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Shows how something comes along: on a terminal one line that is drawn again and again, elsewhere one plain line for each state and a
 * tenth of the transfer. Safe for use by several threads. Owns its thread; {@link #close()} ends it and leaves the cursor on a line
 * of its own.
 */
final class ProgressDisplay implements AutoCloseable {
    private static final long REDRAW_MILLIS = 200;
    private static final int PLAIN_STEP_PERCENT = 10;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final Console console;
    private final ScheduledExecutorService redraw;
    private final TransferRate rate = new TransferRate();
    private Optional<Progress> moving = Optional.empty();
    private String state = "";
    private long stateSince;
    private int plainPercent;
    private boolean closed;

    ProgressDisplay(Console console) {
        this.console = console;
        this.redraw = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "stillframe-progress");
            thread.setDaemon(true);
            return thread;
        });
        if (console.terminalColumns().isPresent()) {
            var unused = redraw.scheduleAtFixedRate(this::draw, REDRAW_MILLIS, REDRAW_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /**
     * Takes the latest state.
     *
     * @param now what is being done
     * @param progress the bytes being moved, if any are
     */
    synchronized void show(String now, Optional<Progress> progress) {
        if (closed) {
            return;
        }
        boolean changed = !now.equals(state);
        if (changed) {
            keepLine();
            state = now;
            stateSince = System.nanoTime();
            plainPercent = 0;
        }
        moving = progress;
        if (console.terminalColumns().isPresent()) {
            draw();
        } else {
            printPlain(changed);
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        redraw.shutdownNow();
        keepLine();
        console.err().flush();
    }

    /** The state that ends stays on the terminal with its time. */
    private void keepLine() {
        if (console.terminalColumns().isPresent() && !state.isEmpty()) {
            draw();
            console.err().println();
        }
    }

    private synchronized void draw() {
        if (state.isEmpty()) {
            return;
        }
        long now = System.nanoTime();
        long perSecond =
                moving.map(progress -> rate.after(now, progress.bytesRead())).orElse(0L);
        int room = console.terminalColumns().orElse(80) - 1;
        String line = ProgressLine.full(state, moving, Duration.ofNanos(now - stateSince), perSecond, room);
        console.err().print(CLEAR_LINE + (line.length() <= room ? line : line.substring(0, room)));
        console.err().flush();
    }

    private void printPlain(boolean changed) {
        if (changed) {
            console.err().println(state);
        }
        int percent = moving.map(ProgressLine::percent).orElse(0) / PLAIN_STEP_PERCENT * PLAIN_STEP_PERCENT;
        if (percent > plainPercent) {
            plainPercent = percent;
            console.err()
                    .println(state + " " + percent + "% "
                            + moving.map(ProgressLine::bytes).orElse(""));
        }
    }
}
