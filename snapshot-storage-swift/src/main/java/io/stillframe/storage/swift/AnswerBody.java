package io.stillframe.storage.swift;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/**
 * Receives an answer's body, either into the caller's buffer or, for answers of limited size, into memory of its own. Once
 * {@link #abandon abandoned} it never touches the caller's buffer again.
 */
final class AnswerBody implements BodySubscriber<byte[]> {
    private final Watch watch;
    private final @Nullable ByteBuffer target;
    private final int most;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private @Nullable Subscription subscription;
    private boolean abandoned;

    private AnswerBody(Watch watch, @Nullable ByteBuffer target, int most) {
        this.watch = watch;
        this.target = target;
        this.most = most;
    }

    /** Fills the target's remaining space; a body that is longer is a fault. */
    static AnswerBody into(ByteBuffer target, Watch watch) {
        return new AnswerBody(watch, target, 0);
    }

    /** Keeps at most so many bytes; a longer body is a fault. */
    static AnswerBody ofMost(int most, Watch watch) {
        return new AnswerBody(watch, null, most);
    }

    synchronized void abandon() {
        abandoned = true;
        if (subscription != null && !body.isDone()) {
            subscription.cancel();
        }
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return body;
    }

    @Override
    public synchronized void onSubscribe(Subscription given) {
        watch.moved();
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public synchronized void onNext(List<ByteBuffer> buffers) {
        watch.moved();
        for (ByteBuffer buffer : buffers) {
            if (!abandoned && !take(buffer)) {
                abandon();
                body.completeExceptionally(new IOException("the answer is longer than it should be"));
            }
        }
    }

    private boolean take(ByteBuffer buffer) {
        if (target != null) {
            if (buffer.remaining() > target.remaining()) {
                return false;
            }
            target.put(buffer);
            return true;
        }
        if (buffer.remaining() > most - text.size()) {
            return false;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        text.writeBytes(bytes);
        return true;
    }

    @Override
    public void onError(Throwable fault) {
        body.completeExceptionally(fault);
    }

    @Override
    public synchronized void onComplete() {
        body.complete(text.toByteArray());
    }
}
