package io.stillframe.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;

/** A server that hears out the first message of a TLS handshake and then closes the connection. Listens on 127.0.0.1 only. */
public final class CutHandshakes implements AutoCloseable {
    /** Before the length of a TLS record come its type and its version (RFC 8446, section 5.1). */
    private static final int BEFORE_LENGTH = 3;

    private final ServerSocket listener;

    private CutHandshakes(ServerSocket listener) {
        this.listener = listener;
    }

    /** Starts one; closed by the caller. */
    public static CutHandshakes open() {
        try {
            CutHandshakes server = new CutHandshakes(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
            Relay.start("cut-handshakes", server::accept);
            return server;
        } catch (IOException e) {
            throw new IllegalStateException("no server", e);
        }
    }

    /** {@code https://127.0.0.1:port}. */
    public URI uri() {
        return URI.create("https://127.0.0.1:" + listener.getLocalPort());
    }

    private void accept() {
        while (!listener.isClosed()) {
            try (Socket client = listener.accept()) {
                // What is not read would make the end of the connection a reset.
                DataInputStream in = new DataInputStream(client.getInputStream());
                in.skipNBytes(BEFORE_LENGTH);
                in.skipNBytes(in.readUnsignedShort());
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
            throw new IllegalStateException("the server does not close", e);
        }
    }
}
