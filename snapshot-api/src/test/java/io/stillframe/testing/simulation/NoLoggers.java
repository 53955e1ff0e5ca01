package io.stillframe.testing.simulation;

import org.slf4j.Logger;
import org.slf4j.helpers.NOPLogger;

/** Takes the place of {@link org.slf4j.LoggerFactory} in simulated code: a thousand runs with faults would log without end. */
public final class NoLoggers {
    private NoLoggers() {}

    public static Logger getLogger(Class<?> type) {
        return NOPLogger.NOP_LOGGER;
    }
}
