package io.stillframe.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/** Copies bytes between two sockets, both ways, until either ends; then closes both. */
final class Relay {
    private Relay() {}

    static void between(Socket one, Socket other) {
        start("relay", () -> copy(one, other));
        start("relay", () -> copy(other, one));
    }

    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
        } catch (IOException e) {
            // an end like any other
        }
    }

    static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }
}
