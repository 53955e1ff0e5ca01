package io.stillframe.testing;

import java.util.function.Predicate;

/**
 * What a {@link FaultProxy} does to one request, or to all from one on.
 *
 * @param requests which request lines count, e.g. {@code PUT /bucket/key HTTP/1.1}
 * @param number the first of those that is hit, from 1
 * @param every distance from each that is hit to the next; 0 for one only
 * @param point where in the exchange
 * @param action what happens there
 * @param answer for {@link Action#ANSWER} the answer, in ISO 8859-1
 */
public record Fault(Predicate<String> requests, int number, int every, Point point, Action action, String answer) {
    /** Where in an exchange a fault happens. */
    public enum Point {
        /** The request has been read up to its body; the server sees nothing of it. */
        BEFORE_REQUEST,
        /** Half of the request's body has reached the server; a request without a body counts as not sent. */
        IN_BODY,
        /** The server has answered; the client sees nothing of it. */
        BEFORE_ANSWER,
        /** The client has seen the first half of what the server sent first of its answer. */
        IN_ANSWER
    }

    /** What happens. */
    public enum Action {
        /** Both connections end with a reset. */
        RESET,
        /** Both connections end in good order. */
        CLOSE,
        /** Nothing moves any more, and the connections stay open. */
        STALL,
        /** The client gets the given answer instead, and its connection is closed; only before the request. */
        ANSWER
    }

    /** Hits the {@code number}-th request to come. */
    public static Fault at(int number, Point point, Action action) {
        return new Fault(line -> true, number, 0, point, action, "");
    }

    /** Answers the {@code number}-th request to come with a status, and headers of the form {@code Name: value}. */
    public static Fault answer(int number, String status, String... headers) {
        String text = "HTTP/1.1 " + status + "\r\n" + String.join("", lines(headers))
                + "Content-Length: 0\r\nConnection: close\r\n\r\n";
        return new Fault(line -> true, number, 0, Point.BEFORE_REQUEST, Action.ANSWER, text);
    }

    /** The same, counting only requests whose line satisfies the condition. */
    public Fault among(Predicate<String> lines) {
        return new Fault(lines, number, every, point, action, answer);
    }

    /** The same for all requests from then on. */
    public Fault fromThenOn() {
        return againEvery(1);
    }

    /** The same for each {@code distance}-th request from then on. */
    public Fault againEvery(int distance) {
        return new Fault(requests, number, distance, point, action, answer);
    }

    boolean hits(int count) {
        return count == number || (every > 0 && count > number && (count - number) % every == 0);
    }

    private static String[] lines(String[] headers) {
        String[] lines = new String[headers.length];
        for (int i = 0; i < headers.length; i++) {
            lines[i] = headers[i] + "\r\n";
        }
        return lines;
    }
}
