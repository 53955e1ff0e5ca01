package io.stillframe.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The only way to a TCP server on this host, as far as its clients know: it can be cut, at once or in the middle of what is sent, and
 * mended, and counts all that goes through it. While it is cut, connections are refused, as of a machine whose server is gone. Listens on
 * 127.0.0.1 only. Safe for use by several threads.
 */
public final class NetworkLink implements AutoCloseable {
    private static final int BUFFER = 16 << 10;

    private final InetSocketAddress server;
    private final int port;
    private final Set<Socket> sockets = new HashSet<>();
    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private long cutAt = Long.MAX_VALUE;
    private @Nullable ServerSocket listener;

    private NetworkLink(ServerSocket listener, InetSocketAddress server) {
        this.listener = listener;
        this.server = server;
        this.port = listener.getLocalPort();
    }

    /** Opens a link on a free port to a server on this host; closed by the caller. */
    public static NetworkLink to(int port) {
        try {
            InetAddress loopback = InetAddress.getLoopbackAddress();
            ServerSocket listener = new ServerSocket(0, 128, loopback);
            NetworkLink link = new NetworkLink(listener, new InetSocketAddress(loopback, port));
            Relay.start("network-link", () -> link.accept(listener));
            return link;
        } catch (IOException e) {
            throw new IllegalStateException("no network link", e);
        }
    }

    /** Where clients connect to: {@code http://127.0.0.1:port}. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Ends all connections with a reset and takes no new ones. Idempotent. */
    public synchronized void cut() {
        cutAt = Long.MAX_VALUE;
        if (listener != null) {
            close(listener);
            listener = null;
        }
        sockets.forEach(NetworkLink::reset);
        sockets.clear();
    }

    /** Cuts itself when clients have sent so many more bytes. */
    public synchronized void cutAfter(long bytes) {
        cutAt = sent.get() + bytes;
    }

    /** Takes connections again. Idempotent. */
    public synchronized void mend() {
        if (listener != null) {
            return;
        }
        try {
            ServerSocket anew = new ServerSocket();
            anew.setReuseAddress(true);
            anew.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 128);
            listener = anew;
            Relay.start("network-link", () -> accept(anew));
        } catch (IOException e) {
            throw new IllegalStateException("the network link cannot be mended", e);
        }
    }

    public synchronized boolean isCut() {
        return listener == null;
    }

    /** Connections that were taken so far. */
    public long connections() {
        return connections.get();
    }

    /** Bytes that clients have sent so far. */
    public long sent() {
        return sent.get();
    }

    /** All bytes so far, both ways. */
    public long bytes() {
        return sent.get() + received.get();
    }

    @Override
    public void close() {
        cut();
    }

    private void accept(ServerSocket from) {
        while (!from.isClosed()) {
            try {
                Socket client = from.accept();
                connections.incrementAndGet();
                Socket upstream = new Socket();
                upstream.connect(server, 10_000);
                if (keep(client, upstream)) {
                    Relay.start("network-link-up", () -> copy(client, upstream, sent));
                    Relay.start("network-link-down", () -> copy(upstream, client, received));
                }
            } catch (IOException e) {
                // It was cut, or an end is gone already.
            }
        }
    }

    private synchronized boolean keep(Socket client, Socket upstream) throws IOException {
        if (listener == null) {
            reset(client);
            reset(upstream);
            return false;
        }
        client.setTcpNoDelay(true);
        upstream.setTcpNoDelay(true);
        sockets.add(client);
        sockets.add(upstream);
        return true;
    }

    private void copy(Socket from, Socket to, AtomicLong counter) {
        byte[] buffer = new byte[BUFFER];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int count = in.read(buffer);
            while (count >= 0) {
                long all = counter.addAndGet(count);
                if (counter == sent && isOver(all)) {
                    cut();
                    return;
                }
                out.write(buffer, 0, count);
                count = in.read(buffer);
            }
        } catch (IOException e) {
            // an end like any other
        } finally {
            forget(from, to);
        }
    }

    private synchronized boolean isOver(long all) {
        return all >= cutAt;
    }

    private synchronized void forget(Socket one, Socket other) {
        sockets.remove(one);
        sockets.remove(other);
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // it is closed
        }
    }

    private static void close(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException("the network link does not close", e);
        }
    }
}
