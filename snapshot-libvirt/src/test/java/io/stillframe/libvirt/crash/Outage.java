package io.stillframe.libvirt.crash;

import java.time.Duration;

/** Something that the engine needs goes away and comes back a little later, while the child has gone on. */
final class Outage implements Harm {
    private final String what;
    private final Runnable end;
    private final Runnable start;
    private final Duration length;
    private Thread comingBack = new Thread();
    private boolean done;

    /**
     * @param what its name for the table
     * @param end takes it away
     * @param start gives it back
     * @param length for how long
     */
    Outage(String what, Runnable end, Runnable start, Duration length) {
        this.what = what;
        this.end = end;
        this.start = start;
        this.length = length;
    }

    @Override
    public void begin() {
        end.run();
        done = true;
        comingBack = new Thread(this::comeBack, "coming back");
        comingBack.start();
    }

    private void comeBack() {
        try {
            Thread.sleep(length.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        start.run();
    }

    @Override
    public boolean isDone() {
        return done;
    }

    @Override
    public void awaitOver() {
        try {
            comingBack.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return what + ": ";
    }
}
