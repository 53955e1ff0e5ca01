package io.stillframe.storage.swift;

import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.atomic.LongAdder;

/**
 * A request's body straight from the caller's buffer, in slices that show that bytes move. Can be sent again from its start. Once
 * {@link #abandon abandoned} it hands out no more of the buffer.
 */
final class PartBody implements BodyPublisher {
    private static final int SLICE = 512 << 10;

    private final ByteBuffer bytes;
    private final Watch watch;
    private final LongAdder sent;
    private volatile boolean abandoned;

    /** @param sent counts the bytes that are handed to the connection */
    PartBody(ByteBuffer bytes, Watch watch, LongAdder sent) {
        this.bytes = bytes.asReadOnlyBuffer();
        this.watch = watch;
        this.sent = sent;
    }

    void abandon() {
        abandoned = true;
    }

    @Override
    public long contentLength() {
        return bytes.remaining();
    }

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Slices(subscriber, bytes.duplicate()));
    }

    /** Flow's rule 3.3: a request made from within onNext only adds to the demand. */
    private final class Slices implements Subscription {
        private final Subscriber<? super ByteBuffer> subscriber;
        private final ByteBuffer rest;
        private long demand;
        private boolean emitting;
        private boolean ended;

        Slices(Subscriber<? super ByteBuffer> subscriber, ByteBuffer rest) {
            this.subscriber = subscriber;
            this.rest = rest;
        }

        @Override
        public synchronized void request(long count) {
            watch.moved();
            demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
            if (emitting) {
                return;
            }
            emitting = true;
            while (demand > 0 && rest.hasRemaining() && !ended && !abandoned) {
                demand--;
                int length = Math.min(SLICE, rest.remaining());
                ByteBuffer slice = rest.slice(rest.position(), length);
                rest.position(rest.position() + length);
                sent.add(length);
                subscriber.onNext(slice);
            }
            emitting = false;
            if (!rest.hasRemaining() && !ended && !abandoned) {
                ended = true;
                subscriber.onComplete();
            }
        }

        @Override
        public synchronized void cancel() {
            ended = true;
        }
    }
}
