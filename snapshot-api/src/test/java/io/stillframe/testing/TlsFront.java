package io.stillframe.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import javax.net.ssl.SSLContext;

/** Speaks TLS in front of a server on this host that does not. Listens on 127.0.0.1 only. */
public final class TlsFront implements AutoCloseable {
    private final ServerSocket listener;
    private final int server;

    private TlsFront(ServerSocket listener, int server) {
        this.listener = listener;
        this.server = server;
    }

    /** Starts one with a server's key and certificate; closed by the caller. */
    public static TlsFront inFrontOf(int port, SSLContext identity) {
        try {
            ServerSocket listener =
                    identity.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
            TlsFront front = new TlsFront(listener, port);
            Relay.start("tls-front", front::accept);
            return front;
        } catch (IOException e) {
            throw new IllegalStateException("no TLS", e);
        }
    }

    /** {@code https://127.0.0.1:port}. */
    public URI uri() {
        return URI.create("https://127.0.0.1:" + listener.getLocalPort());
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Relay.between(client, new Socket(InetAddress.getLoopbackAddress(), server));
            } catch (IOException e) {
                // closed
            }
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new IllegalStateException("TLS does not close", e);
        }
    }
}
