package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests and waits for their answers in the caller's thread. There is no deadline for an exchange, but one for the time in
 * which no byte moves. Safe for use by several threads.
 */
final class Transport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);
    private static final int LARGEST_TEXT = 64 << 20;

    private final ExecutorService executor;
    private final Duration stallTimeout;
    private final Optional<ProxyLogin> proxyLogin;
    private @Nullable HttpClient client;

    Transport(SwiftSettings settings) {
        this.stallTimeout = settings.stallTimeout();
        this.proxyLogin = settings.proxyLogin();
        this.executor = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "stillframe-swift-http");
            thread.setDaemon(true);
            return thread;
        });
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.connectTimeout())
                .executor(executor);
        settings.caBundle().ifPresent(file -> builder.sslContext(TrustedAuthorities.context(file)));
        settings.proxy()
                .map(Transport::through)
                .or(() -> Optional.ofNullable(ProxySelector.getDefault()))
                .ifPresent(builder::proxy);
        client = builder.build();
    }

    /** Without a large body either way. */
    Answer send(HttpRequest.Builder request, String method, Optional<ByteBuffer> body) throws IOException {
        return send(request, method, body, new LongAdder(), Optional.empty());
    }

    private static ProxySelector through(URI proxy) {
        return ProxySelector.of(new InetSocketAddress(proxy.getHost(), proxy.getPort()));
    }

    /**
     * Sends a request.
     *
     * @param body sent from position to limit, if given
     * @param sent counts the body's bytes that are handed to the connection
     * @param target takes the body of a 200 or 206, if given; others have their body in memory
     * @throws IOException if there was no whole answer
     */
    Answer send(
            HttpRequest.Builder request,
            String method,
            Optional<ByteBuffer> body,
            LongAdder sent,
            Optional<ByteBuffer> target)
            throws IOException {
        Watch watch = new Watch();
        Optional<PartBody> published = body.map(bytes -> new PartBody(bytes, watch, sent));
        proxyLogin.ifPresent(login -> request.setHeader("Proxy-Authorization", login.header()));
        request.method(
                method, published.<HttpRequest.BodyPublisher>map(b -> b).orElseGet(HttpRequest.BodyPublishers::noBody));
        Receiver receiver = new Receiver(watch, target);
        CompletableFuture<HttpResponse<byte[]>> answer = open().sendAsync(request.build(), receiver);
        try {
            HttpResponse<byte[]> got = await(answer, watch);
            return new Answer(got.statusCode(), got.headers(), got.body());
        } finally {
            published.ifPresent(PartBody::abandon);
            receiver.abandon();
        }
    }

    private HttpResponse<byte[]> await(CompletableFuture<HttpResponse<byte[]>> answer, Watch watch) throws IOException {
        while (true) {
            try {
                long left = stallTimeout.toNanos() - watch.idleNanos();
                return answer.get(Math.max(left, 1), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (watch.idleNanos() >= stallTimeout.toNanos()) {
                    answer.cancel(true);
                    throw new IOException("no byte has moved for " + stallTimeout.toMillis() + " ms");
                }
            } catch (InterruptedException e) {
                answer.cancel(true);
                Thread.currentThread().interrupt();
                throw new SnapshotException(Kind.CANCELLED, "interrupted while waiting for Swift", e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException cause) {
                    throw cause;
                }
                throw new IOException("the request failed", e.getCause());
            }
        }
    }

    private synchronized HttpClient open() {
        if (client == null) {
            throw SnapshotException.permanent("the store has been closed", null);
        }
        return client;
    }

    /** What is under way fails. From Java 21 on a client can be ended; before, it ends once nobody refers to it. */
    @Override
    public synchronized void close() {
        if (client != null) {
            end(client);
        }
        client = null;
        executor.shutdown();
    }

    private static void end(HttpClient client) {
        try {
            HttpClient.class.getMethod("shutdownNow").invoke(client);
        } catch (NoSuchMethodException e) {
            LOG.trace("this Java ends its HTTP clients by itself");
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("HttpClient.shutdownNow is public and throws nothing", e);
        }
    }

    private static final class Receiver implements HttpResponse.BodyHandler<byte[]> {
        private final Watch watch;
        private final Optional<ByteBuffer> target;
        private @Nullable AnswerBody body;
        private boolean abandoned;

        Receiver(Watch watch, Optional<ByteBuffer> target) {
            this.watch = watch;
            this.target = target;
        }

        @Override
        public synchronized HttpResponse.BodySubscriber<byte[]> apply(HttpResponse.ResponseInfo info) {
            watch.moved();
            boolean wanted = info.statusCode() == 200 || info.statusCode() == 206;
            AnswerBody chosen = wanted && target.isPresent() && !abandoned
                    ? AnswerBody.into(target.get(), watch)
                    : AnswerBody.ofMost(LARGEST_TEXT, watch);
            body = chosen;
            return chosen;
        }

        synchronized void abandon() {
            abandoned = true;
            if (body != null) {
                body.abandon();
            }
        }
    }
}
