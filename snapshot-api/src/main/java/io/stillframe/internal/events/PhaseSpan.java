package io.stillframe.internal.events;

/** An event that has begun; it ends with {@link #close()}, as failed unless it was said to be done. For one thread. */
public interface PhaseSpan extends AutoCloseable {
    /** One that records nothing. */
    static PhaseSpan none() {
        return new PhaseSpan() {
            @Override
            public void bytes(long value) {}

            @Override
            public void done(String outcome) {}

            @Override
            public void close() {}
        };
    }

    /** How many bytes it was about. */
    void bytes(long value);

    /** It succeeded. */
    void done(String outcome);

    @Override
    void close();
}
