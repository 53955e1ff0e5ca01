package io.stillframe.testing;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy: tunnels by {@code CONNECT}, and plain requests, one to a connection. Whatever host is asked for, it leads to servers on
 * this host. Listens on 127.0.0.1 only.
 */
public final class ForwardProxy implements AutoCloseable {
    private final ServerSocket listener;
    private final Optional<String> login;
    private final List<String> requests = new CopyOnWriteArrayList<>();

    private ForwardProxy(ServerSocket listener, Optional<String> login) {
        this.listener = listener;
        this.login = login;
    }

    /** Starts one for everybody; closed by the caller. */
    public static ForwardProxy open() {
        return start(Optional.empty());
    }

    /** Starts one for those with this {@code Proxy-Authorization}; closed by the caller. */
    public static ForwardProxy withLogin(String authorization) {
        return start(Optional.of(authorization));
    }

    private static ForwardProxy start(Optional<String> login) {
        try {
            ForwardProxy proxy = new ForwardProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), login);
            Relay.start("forward-proxy", proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new IllegalStateException("no proxy", e);
        }
    }

    /** {@code http://127.0.0.1:port}. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    /** The first lines of what it was asked and has let through. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new IllegalStateException("the proxy does not close", e);
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Relay.start("forward-proxy-client", () -> serve(client));
            } catch (IOException e) {
                // closed
            }
        }
    }

    private void serve(Socket client) {
        try {
            String head = head(client.getInputStream());
            if (login.isPresent() && !login.get().equals(header(head, "proxy-authorization"))) {
                answer(client, "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"");
                client.close();
                return;
            }
            String line = head.substring(0, head.indexOf("\r\n"));
            requests.add(line);
            String[] words = line.split(" ");
            boolean tunnel = words[0].equals("CONNECT");
            URI target = URI.create(tunnel ? "http://" + words[1] : words[1]);
            Socket server = new Socket(InetAddress.getLoopbackAddress(), target.getPort());
            if (tunnel) {
                answer(client, "200 Connection established");
            } else {
                server.getOutputStream().write(forwarded(head, words, target).getBytes(StandardCharsets.ISO_8859_1));
            }
            Relay.between(client, server);
        } catch (IOException e) {
            // an end like any other
        }
    }

    private static String forwarded(String head, String[] words, URI target) {
        StringBuilder forwarded = new StringBuilder(words[0] + " " + target.getRawPath())
                .append(target.getRawQuery() == null ? "" : "?" + target.getRawQuery())
                .append(" ")
                .append(words[2])
                .append("\r\nConnection: close\r\n");
        head.lines().skip(1).filter(line -> !line.isEmpty()).forEach(line -> {
            String lower = line.toLowerCase(java.util.Locale.ROOT);
            if (!lower.startsWith("proxy-") && !lower.startsWith("connection:")) {
                forwarded.append(line).append("\r\n");
            }
        });
        return forwarded.append("\r\n").toString();
    }

    private static void answer(Socket client, String status) throws IOException {
        String text =
                "HTTP/1.1 " + status + "\r\n" + (status.startsWith("200") ? "" : "Content-Length: 0\r\n") + "\r\n";
        client.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static @Nullable String header(String head, String name) {
        return head.lines()
                .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse(null);
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no whole request");
            }
            head.append((char) next);
        }
        return head.toString();
    }
}
