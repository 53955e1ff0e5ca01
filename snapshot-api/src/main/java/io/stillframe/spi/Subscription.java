package io.stillframe.spi;

/** Ends the delivery of something when closed. Idempotent; safe for use by all threads. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}
