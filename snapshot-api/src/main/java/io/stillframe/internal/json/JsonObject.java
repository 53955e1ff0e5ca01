package io.stillframe.internal.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that was read whole: at most 16 Mi characters, 32 levels, no field twice. Getters throw CORRUPT, naming the
 * document and the field's path, if a field is missing or of another type; fields that nobody asks for are ignored. Immutable.
 */
public final class JsonObject {
    private final String where;
    private final Map<String, Object> fields;

    private JsonObject(String where, Map<String, Object> fields) {
        this.where = where;
        this.fields = fields;
    }

    /**
     * Reads a text.
     *
     * @param text one JSON object and nothing else
     * @param document what it is, for messages, e.g. a file's name
     * @throws SnapshotException CORRUPT if it is anything else or exceeds a limit
     */
    public static JsonObject parse(String text, String document) {
        if (text.length() > Json.LONGEST_DOCUMENT) {
            throw SnapshotException.corrupt(
                    document + ": " + text.length() + " characters, at most " + Json.LONGEST_DOCUMENT + " are allowed");
        }
        try (JsonParser parser = Json.FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw SnapshotException.corrupt(document + ": expected a JSON object");
            }
            JsonObject result = readObject(parser, document);
            if (parser.nextToken() != null) {
                throw SnapshotException.corrupt(document + ": something follows the JSON object");
            }
            return result;
        } catch (IOException e) {
            throw new SnapshotException(Kind.CORRUPT, document + ": no valid JSON", e);
        }
    }

    public boolean has(String name) {
        return fields.containsKey(name);
    }

    /** The names of all fields, in their order. */
    public Set<String> names() {
        return Collections.unmodifiableSet(fields.keySet());
    }

    public String text(String name) {
        return required(name, String.class, "a string");
    }

    public Optional<String> textIfPresent(String name) {
        return optional(name, String.class, "a string");
    }

    public long number(String name) {
        return required(name, Long.class, "an integer");
    }

    public OptionalLong numberIfPresent(String name) {
        return has(name) ? OptionalLong.of(number(name)) : OptionalLong.empty();
    }

    public int intNumber(String name) {
        long value = number(name);
        if (value != (int) value) {
            throw corrupt(name, "an integer of 32 bits");
        }
        return (int) value;
    }

    public boolean flag(String name) {
        return required(name, Boolean.class, "true or false");
    }

    public Instant instant(String name) {
        return converted(name, "an ISO 8601 time", Instant::parse);
    }

    public Optional<Instant> instantIfPresent(String name) {
        return has(name) ? Optional.of(instant(name)) : Optional.empty();
    }

    public Duration duration(String name) {
        return converted(name, "an ISO 8601 duration", Duration::parse);
    }

    public Optional<Duration> durationIfPresent(String name) {
        return has(name) ? Optional.of(duration(name)) : Optional.empty();
    }

    /** The constant of that name; CORRUPT if there is none, e.g. because a newer version wrote it. */
    public <E extends Enum<E>> E constant(String name, Class<E> type) {
        return converted(name, "one of " + List.of(type.getEnumConstants()), text -> Enum.valueOf(type, text));
    }

    /** An array of constants' names; an unknown one is CORRUPT, never left out. */
    public <E extends Enum<E>> Set<E> constants(String name, Class<E> type) {
        Set<E> result = EnumSet.noneOf(type);
        for (String text : texts(name)) {
            result.add(Arrays.stream(type.getEnumConstants())
                    .filter(constant -> constant.name().equals(text))
                    .findFirst()
                    .orElseThrow(() -> corrupt(name, "of " + List.of(type.getEnumConstants()))));
        }
        return result;
    }

    public JsonObject object(String name) {
        return required(name, JsonObject.class, "an object");
    }

    public Optional<JsonObject> objectIfPresent(String name) {
        return optional(name, JsonObject.class, "an object");
    }

    /** An array of objects. */
    public List<JsonObject> objects(String name) {
        return elements(name, JsonObject.class, "an array of objects");
    }

    /** An array of strings. */
    public List<String> texts(String name) {
        return elements(name, String.class, "an array of strings");
    }

    /** An object all of whose fields are strings. */
    public Map<String, String> textMap(String name) {
        JsonObject object = object(name);
        Map<String, String> result = new LinkedHashMap<>();
        object.fields.keySet().forEach(key -> result.put(key, object.text(key)));
        return result;
    }

    /** Converts a string field; CORRUPT if {@code conversion} refuses it. */
    public <T> T converted(String name, String expected, Function<String, T> conversion) {
        String text = text(name);
        try {
            return conversion.apply(text);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new SnapshotException(Kind.CORRUPT, message(name, expected), e);
        }
    }

    /** The object as JSON text again, fields in their order. */
    public String toJson() {
        return JsonWriter.write(writer -> fields.forEach(writer::tree));
    }

    private <T> T required(String name, Class<T> type, String expected) {
        return optional(name, type, expected).orElseThrow(() -> corrupt(name, expected));
    }

    private <T> Optional<T> optional(String name, Class<T> type, String expected) {
        Object value = fields.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!type.isInstance(value)) {
            throw corrupt(name, expected);
        }
        return Optional.of(type.cast(value));
    }

    private <T> List<T> elements(String name, Class<T> type, String expected) {
        List<T> result = new ArrayList<>();
        for (Object element : required(name, List.class, expected)) {
            if (!type.isInstance(element)) {
                throw corrupt(name, expected);
            }
            result.add(type.cast(element));
        }
        return result;
    }

    /** Name and value of every field, for the writer. */
    Map<String, Object> fields() {
        return Collections.unmodifiableMap(fields);
    }

    private SnapshotException corrupt(String name, String expected) {
        return SnapshotException.corrupt(message(name, expected));
    }

    private String message(String name, String expected) {
        return where + ": field '" + name + "' must be " + expected;
    }

    private static JsonObject readObject(JsonParser parser, String where) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            Object value = readValue(parser, where + "/" + name);
            if (value != null) {
                fields.put(name, value);
            }
        }
        return new JsonObject(where, fields);
    }

    private static List<Object> readArray(JsonParser parser, String where) throws IOException {
        List<Object> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            Object value = readValue(parser, where + "/" + elements.size());
            if (value == null) {
                throw SnapshotException.corrupt(where + ": an array must not hold null");
            }
            elements.add(value);
        }
        return elements;
    }

    /** Fields that are null count as absent. */
    private static @Nullable Object readValue(JsonParser parser, String where) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> readObject(parser, where);
            case START_ARRAY -> readArray(parser, where);
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw SnapshotException.corrupt(where + ": unexpected " + parser.currentToken());
        };
    }
}
