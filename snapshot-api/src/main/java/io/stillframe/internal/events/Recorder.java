package io.stillframe.internal.events;

import jdk.jfr.FlightRecorder;

/** The flight recorder, whose classes may be absent. */
final class Recorder {
    private Recorder() {}

    /** Whether anything has been recorded in this process. Until then events need not exist: the first of a type has its class rewritten. */
    static boolean hasBegun() {
        return FlightRecorder.isInitialized();
    }
}
