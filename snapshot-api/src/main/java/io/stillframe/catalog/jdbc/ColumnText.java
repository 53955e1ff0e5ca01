package io.stillframe.catalog.jdbc;

import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;

/**
 * Any Java string as text that every database takes and gives back: escaped as within JSON, so that ASCII without quotes and backslashes
 * stands for itself.
 */
final class ColumnText {
    private static final String BEFORE = "{\"t\":\"";
    private static final String AFTER = "\"}";

    private ColumnText() {}

    static String of(String text) {
        String json = JsonWriter.write(out -> out.text("t", text));
        return json.substring(BEFORE.length(), json.length() - AFTER.length());
    }

    /** The string of a column; CORRUPT if it holds no such text. */
    static String parse(String column, String where) {
        return JsonObject.parse(BEFORE + column + AFTER, where).text("t");
    }
}
