package io.stillframe.storage.s3;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * Puts a ranged answer's bytes straight into the caller's buffer and checks that they are as many as asked for. Once abandoned it
 * touches the buffer no more.
 */
final class BufferedAnswer implements AsyncResponseTransformer<GetObjectResponse, GetObjectResponse> {
    private final ByteBuffer target;
    private final int start;
    private final CompletableFuture<GetObjectResponse> done = new CompletableFuture<>();
    private @Nullable GetObjectResponse response;
    private boolean abandoned;

    BufferedAnswer(ByteBuffer target) {
        this.target = target;
        this.start = target.position();
    }

    synchronized void abandon() {
        abandoned = true;
    }

    @Override
    public CompletableFuture<GetObjectResponse> prepare() {
        return done;
    }

    @Override
    public synchronized void onResponse(GetObjectResponse answer) {
        response = answer;
    }

    @Override
    public void onStream(SdkPublisher<ByteBuffer> publisher) {
        publisher.subscribe(new Filler());
    }

    @Override
    public void exceptionOccurred(Throwable error) {
        done.completeExceptionally(error);
    }

    private synchronized boolean take(ByteBuffer bytes) {
        if (abandoned || bytes.remaining() > target.remaining()) {
            return false;
        }
        target.put(bytes);
        return true;
    }

    private synchronized void finish() {
        if (target.hasRemaining()) {
            int got = target.position() - start;
            done.completeExceptionally(
                    new IOException("the answer ended after " + got + " of " + (target.limit() - start) + " bytes"));
        } else if (response != null) {
            done.complete(response);
        }
    }

    private final class Filler implements Subscriber<ByteBuffer> {
        private @Nullable Subscription subscription;

        @Override
        public void onSubscribe(Subscription own) {
            subscription = own;
            own.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(ByteBuffer bytes) {
            if (!take(bytes)) {
                if (subscription != null) {
                    subscription.cancel();
                }
                done.completeExceptionally(new IOException("the answer is longer than the range that was asked for"));
            }
        }

        @Override
        public void onError(Throwable error) {
            done.completeExceptionally(error);
        }

        @Override
        public void onComplete() {
            finish();
        }
    }
}
