package io.stillframe.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A proxy in front of an HTTP/1.1 server that does damage at a chosen request: it counts requests over all connections and hits the
 * one that it is {@link #arm armed} for. Listens on 127.0.0.1 only. Bodies pass through unseen, whole or chunked; TLS does not.
 */
public final class FaultProxy implements AutoCloseable {
    private static final int BUFFER = 64 << 10;
    private static final int LONGEST_HEAD = 64 << 10;

    private final ServerSocket listener;
    private final InetSocketAddress server;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Object lock = new Object();
    private final List<String> seen = new ArrayList<>();
    private @Nullable Fault armed;
    private int matching;
    private int hits;
    private volatile Pace pace = Pace.FREE;

    private FaultProxy(ServerSocket listener, InetSocketAddress server) {
        this.listener = listener;
        this.server = server;
    }

    /** Starts a proxy on a free port, in front of a server on this host; closed by the caller. */
    public static FaultProxy inFrontOf(int port) {
        try {
            InetAddress loopback = InetAddress.getLoopbackAddress();
            FaultProxy proxy =
                    new FaultProxy(new ServerSocket(0, 128, loopback), new InetSocketAddress(loopback, port));
            daemon("fault-proxy", proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new IllegalStateException("no fault proxy", e);
        }
    }

    /** Where clients connect to: {@code http://127.0.0.1:port}. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    /** Waits for the fault's request from now on; what was seen and counted before is forgotten. */
    public void arm(Fault fault) {
        synchronized (lock) {
            seen.clear();
            matching = 0;
            hits = 0;
            armed = fault;
        }
    }

    /** Slows every connection down that is opened from now on. */
    public void slow(Pace network) {
        pace = network;
        try {
            // So that little waits unseen between the client and this.
            listener.setReceiveBufferSize(BUFFER);
        } catch (SocketException e) {
            throw new IllegalStateException("the fault proxy is closed", e);
        }
    }

    /** Does no more damage, and ends the connections that stall. */
    public void disarm() {
        synchronized (lock) {
            armed = null;
        }
        connections.forEach(Connection::release);
    }

    /** How many requests were hit since the proxy was armed. */
    public int hits() {
        synchronized (lock) {
            return hits;
        }
    }

    /** The request lines since the proxy was armed, in order. */
    public List<String> seen() {
        synchronized (lock) {
            return List.copyOf(seen);
        }
    }

    /** Ends all connections. */
    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new IllegalStateException("the fault proxy does not close", e);
        } finally {
            connections.forEach(connection -> connection.end(false));
        }
    }

    private Optional<Fault> next(String requestLine) {
        synchronized (lock) {
            seen.add(requestLine);
            if (armed == null || !armed.requests().test(requestLine) || !armed.hits(++matching)) {
                return Optional.empty();
            }
            hits++;
            return Optional.of(armed);
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Connection connection = new Connection(listener.accept());
                connections.add(connection);
                daemon("fault-proxy-up", connection::forwardRequests);
            } catch (IOException e) {
                // closed, or the client is gone already
            }
        }
    }

    private static void daemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** A client's connection with its counterpart to the server. Requests are not pipelined. */
    private final class Connection {
        private final Socket client;
        private final Socket upstream = new Socket();
        private final Pace network = pace;
        private final CountDownLatch released = new CountDownLatch(1);
        private volatile @Nullable Fault forAnswer;

        Connection(Socket client) {
            this.client = client;
        }

        void forwardRequests() {
            try {
                upstream.connect(server, 10_000);
                upstream.setTcpNoDelay(true);
                client.setTcpNoDelay(true);
                daemon("fault-proxy-down", this::forwardAnswers);
                InputStream in = new BufferedInputStream(client.getInputStream(), BUFFER);
                OutputStream out = network.limited(upstream.getOutputStream());
                while (forwardRequest(in, out)) {
                    out.flush();
                }
            } catch (IOException e) {
                // an end like any other
            } finally {
                end(false);
            }
        }

        private boolean forwardRequest(InputStream in, OutputStream out) throws IOException {
            Optional<byte[]> head = readHead(in);
            if (head.isEmpty()) {
                return false;
            }
            network.delay();
            String text = new String(head.get(), StandardCharsets.ISO_8859_1);
            Fault fault = next(text.substring(0, text.indexOf("\r\n"))).orElse(null);
            Body body = Body.of(text);
            if (fault != null && fault.action() == Fault.Action.ANSWER) {
                body.copy(in, OutputStream.nullOutputStream(), Long.MAX_VALUE);
                client.getOutputStream().write(fault.answer().getBytes(StandardCharsets.ISO_8859_1));
                client.getOutputStream().flush();
                return false;
            }
            boolean early = fault != null
                    && (fault.point() == Fault.Point.BEFORE_REQUEST
                            || (fault.point() == Fault.Point.IN_BODY && body.length == 0));
            if (fault != null && early) {
                return strike(fault);
            }
            forAnswer = fault != null && fault.point() != Fault.Point.IN_BODY ? fault : null;
            out.write(head.get());
            if (fault != null && fault.point() == Fault.Point.IN_BODY) {
                body.copy(in, out, body.length < 0 ? BUFFER : body.length / 2);
                out.flush();
                return strike(fault);
            }
            body.copy(in, out, Long.MAX_VALUE);
            return true;
        }

        private void forwardAnswers() {
            byte[] buffer = new byte[BUFFER];
            try {
                InputStream in = upstream.getInputStream();
                OutputStream out = network.limited(client.getOutputStream());
                int count = in.read(buffer);
                while (count >= 0) {
                    Fault fault = forAnswer;
                    if (fault != null) {
                        out.write(buffer, 0, fault.point() == Fault.Point.IN_ANSWER ? (count + 1) / 2 : 0);
                        out.flush();
                        strike(fault);
                        return;
                    }
                    out.write(buffer, 0, count);
                    out.flush();
                    count = in.read(buffer);
                }
            } catch (IOException e) {
                // an end like any other
            } finally {
                end(false);
            }
        }

        private boolean strike(Fault fault) {
            if (fault.action() == Fault.Action.STALL) {
                try {
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            end(fault.action() == Fault.Action.RESET);
            return false;
        }

        void release() {
            released.countDown();
        }

        void end(boolean reset) {
            connections.remove(this);
            released.countDown();
            close(client, reset);
            close(upstream, reset);
        }

        private void close(Socket socket, boolean reset) {
            try {
                if (reset && !socket.isClosed()) {
                    socket.setSoLinger(true, 0);
                }
            } catch (SocketException e) {
                // it is closed
            }
            try {
                socket.close();
            } catch (IOException e) {
                // it is closed
            }
        }
    }

    private static Optional<byte[]> readHead(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int matched = 0;
        while (matched < 4) {
            int next = in.read();
            if (next < 0) {
                return Optional.empty();
            }
            head.write(next);
            boolean expected = next == "\r\n\r\n".charAt(matched);
            matched = expected ? matched + 1 : (next == '\r' ? 1 : 0);
            if (head.size() > LONGEST_HEAD) {
                throw new IOException("a request's head exceeds " + LONGEST_HEAD + " bytes");
            }
        }
        return Optional.of(head.toByteArray());
    }

    /** A request's body: of known length, or chunked with length -1. */
    private record Body(long length) {
        static Body of(String head) {
            for (String line : head.split("\r\n", -1)) {
                String lower = line.toLowerCase(Locale.ROOT);
                if (lower.startsWith("content-length:")) {
                    return new Body(Long.parseLong(lower.substring(15).strip()));
                }
                if (lower.startsWith("transfer-encoding:") && lower.contains("chunked")) {
                    return new Body(-1);
                }
            }
            return new Body(0);
        }

        void copy(InputStream in, OutputStream out, long most) throws IOException {
            if (length >= 0) {
                copyBytes(in, out, Math.min(length, most));
                return;
            }
            long left = most;
            long chunk = 1;
            while (chunk > 0 && left > 0) {
                String line = copyLine(in, out);
                chunk = Long.parseLong(line.split(";", 2)[0].strip(), 16);
                copyBytes(in, out, Math.min(chunk, left));
                left -= chunk;
                if (left > 0) {
                    copyLine(in, out);
                }
            }
        }

        private static String copyLine(InputStream in, OutputStream out) throws IOException {
            StringBuilder line = new StringBuilder();
            int next;
            do {
                next = in.read();
                if (next < 0) {
                    throw new EOFException("a chunked body ends early");
                }
                out.write(next);
                line.append((char) next);
            } while (next != '\n');
            return line.toString().strip();
        }

        private static void copyBytes(InputStream in, OutputStream out, long count) throws IOException {
            byte[] buffer = new byte[BUFFER];
            long left = count;
            while (left > 0) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    throw new EOFException("a body ends early");
                }
                out.write(buffer, 0, read);
                left -= read;
            }
        }
    }
}
