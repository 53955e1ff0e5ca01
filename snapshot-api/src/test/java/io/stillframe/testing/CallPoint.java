package io.stillframe.testing;

/**
 * One moment of an engine's work that a test can name again: before or after one call with an effect.
 *
 * @param call who called what, such as {@code capture: HypervisorDriver.powerOn}
 * @param occurrence how many calls of that name there were, this one included
 * @param moment on which side of the effect
 */
public record CallPoint(String call, int occurrence, Moment moment) {
    /** On which side of a call's effect. */
    public enum Moment {
        BEFORE,
        AFTER
    }

    /** Reads what {@link #toString} wrote. */
    public static CallPoint parse(String text) {
        int space = text.indexOf(' ');
        int mark = text.lastIndexOf('#');
        return new CallPoint(
                text.substring(space + 1, mark),
                Integer.parseInt(text.substring(mark + 1)),
                Moment.valueOf(text.substring(0, space)));
    }

    @Override
    public String toString() {
        return moment + " " + call + "#" + occurrence;
    }
}
