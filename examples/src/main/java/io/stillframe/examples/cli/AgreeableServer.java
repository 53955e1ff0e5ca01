package io.stillframe.examples.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Says yes to every request of HTTP that is not about something {@link #MISSING}, in words that clients of S3 and of Swift understand.
 * On a port of its own of this host.
 */
final class AgreeableServer implements AutoCloseable {
    /** What is in the name of an object that it does not have. */
    static final String MISSING = "missing";

    private static final String NOT_FOUND = "<Error><Code>NoSuchKey</Code><Message>missing</Message></Error>";

    /** One answer for the beginning and the completion of an upload to S3. */
    private static final String S3 =
            "<Answer><Bucket>bucket</Bucket><Key>rehearsal</Key><UploadId>1</UploadId><ETag>\"1\"</ETag>"
                    + "<Owner><ID>1</ID></Owner><Part><PartNumber>1</PartNumber><ETag>\"1\"</ETag><Size>1</Size></Part></Answer>";

    /** A cluster's description, and what a listing and an object's state are read from. */
    private static final String SWIFT = "{\"slo\": {\"min_segment_size\": 1, \"max_manifest_segments\": 1000}}";

    private static final String NOW = "Thu, 01 Jan 2026 00:00:00 GMT";

    private final ServerSocket socket;

    private AgreeableServer(ServerSocket socket) {
        this.socket = socket;
    }

    static AgreeableServer start() throws IOException {
        AgreeableServer server = new AgreeableServer(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        daemon(server::accept);
        return server;
    }

    String uri() {
        return "http://127.0.0.1:" + socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "agreeable-server");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = socket.accept();
                daemon(() -> serve(connection));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket connection) {
        try (connection;
                InputStream in = new BufferedInputStream(connection.getInputStream())) {
            String request = line(in);
            while (!request.isEmpty()) {
                skipRest(in);
                connection.getOutputStream().write(answer(request).getBytes(StandardCharsets.US_ASCII));
                request = line(in);
            }
        } catch (IOException e) {
            // The client has gone.
        }
    }

    private String answer(String request) {
        boolean isMissing = request.contains(MISSING);
        String body = isMissing ? NOT_FOUND : request.contains("upload") ? S3 : SWIFT;
        return "HTTP/1.1 " + (isMissing ? "404 Not Found" : "200 OK")
                + "\r\nDate: " + NOW + "\r\nLast-Modified: " + NOW
                + "\r\nETag: \"1\"\r\nX-Auth-Token: 1\r\nX-Storage-Url: " + uri()
                + "/v1/rehearsal\r\nContent-Length: " + body.length() + "\r\n\r\n"
                + (request.startsWith("HEAD") ? "" : body);
    }

    /** Headers and body. */
    private static void skipRest(InputStream in) throws IOException {
        long length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            String[] parts = header.toLowerCase(Locale.ROOT).split(":", 2);
            if (parts[0].equals("content-length")) {
                length = Long.parseLong(parts[1].strip());
            }
        }
        in.skipNBytes(length);
    }

    /** Without its end; empty at the end of the stream, too. */
    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int each = in.read(); each >= 0 && each != '\n'; each = in.read()) {
            line.append((char) each);
        }
        return line.toString().strip();
    }
}
