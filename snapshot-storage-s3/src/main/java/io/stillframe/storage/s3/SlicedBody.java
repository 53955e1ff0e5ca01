package io.stillframe.storage.s3;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.AsyncRequestBody;

/**
 * A caller's buffer as a request's body, in slices without a copy: small enough that a connection which takes none of them within
 * the stall timeout is known to be stuck. Every subscription starts from the beginning. Once abandoned it hands out nothing more, so
 * that the caller can have the buffer back.
 */
final class SlicedBody implements AsyncRequestBody {
    private static final int SLICE = 512 << 10;

    private final ByteBuffer bytes;
    private final LongAdder sent;
    private volatile boolean abandoned;

    /** @param sent counts the bytes that are handed to the connection */
    SlicedBody(ByteBuffer bytes, LongAdder sent) {
        this.bytes = bytes.asReadOnlyBuffer();
        this.sent = sent;
    }

    void abandon() {
        abandoned = true;
    }

    @Override
    public Optional<Long> contentLength() {
        return Optional.of((long) bytes.remaining());
    }

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Slices(subscriber, bytes.duplicate()));
    }

    /** Signals never overlap: whoever finds {@code running} set leaves its demand to the thread that runs. */
    private final class Slices implements Subscription {
        private final Subscriber<? super ByteBuffer> subscriber;
        private final ByteBuffer left;
        private long demand;
        private boolean running;
        private boolean ended;

        Slices(Subscriber<? super ByteBuffer> subscriber, ByteBuffer left) {
            this.subscriber = subscriber;
            this.left = left;
        }

        @Override
        public void request(long count) {
            synchronized (this) {
                if (count <= 0) {
                    return;
                }
                demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
                if (running) {
                    return;
                }
                running = true;
            }
            while (signalNext()) {
                // goes on while there is demand
            }
        }

        @Override
        public synchronized void cancel() {
            ended = true;
        }

        private boolean signalNext() {
            ByteBuffer slice;
            boolean last;
            synchronized (this) {
                if (ended || (demand == 0 && left.hasRemaining())) {
                    running = false;
                    return false;
                }
                if (abandoned) {
                    return fail();
                }
                slice = left.slice(left.position(), Math.min(SLICE, left.remaining()));
                left.position(left.position() + slice.remaining());
                demand--;
                last = !left.hasRemaining();
                ended = last;
            }
            sent.add(slice.remaining());
            if (slice.hasRemaining()) {
                subscriber.onNext(slice);
            }
            if (last) {
                subscriber.onComplete();
            }
            return !last;
        }

        private boolean fail() {
            ended = true;
            subscriber.onError(new IOException("the call was given up"));
            return false;
        }
    }
}
