package io.stillframe.examples.cli;

/**
 * Work that must be ended in good order when the process is told to stop (Ctrl-C, SIGTERM): what it holds is closed, a sentence says
 * what became of it, and the process ends with the exit code for failure. {@link #close()} calls the watch off.
 */
final class InterruptibleWork implements AutoCloseable {
    /** Ends the work and says what became of it. */
    @FunctionalInterface
    interface Ending {
        String end();
    }

    private final Thread hook;

    InterruptibleWork(Console console, Ending ending) {
        this.hook = new Thread(() -> stop(console, ending), "stillframe-interrupt");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private static void stop(Console console, Ending ending) {
        try {
            console.complain("told to stop, ending in good order first");
            console.complain(ending.end());
        } catch (RuntimeException e) {
            console.complain(e.getMessage() + "; run 'stillframe recover' to put right what is left");
        } finally {
            // The JVM would end with the signal's number; the tool's contract is 1.
            Runtime.getRuntime().halt(Stillframe.FAILED);
        }
    }

    /** Idempotent. While the process is being stopped, the ending goes on by itself. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            waitForTheEnd();
        }
    }

    /** The hook runs: it ends the process, and nothing may come between. */
    private void waitForTheEnd() {
        try {
            hook.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
