package io.stillframe.internal.json;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Writes one JSON object, field by field in the order of the calls. The text is ASCII on one line: whatever else a string holds is
 * escaped, so that every Java string comes back as it was. For one thread.
 */
public final class JsonWriter {
    private final JsonGenerator out;

    private JsonWriter(JsonGenerator out) {
        this.out = out;
    }

    /** The text of an object whose fields are written by {@code fields}. */
    public static String write(Consumer<JsonWriter> fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = Json.FACTORY.createGenerator(text)) {
            JsonWriter writer = new JsonWriter(out);
            out.writeStartObject();
            fields.accept(writer);
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    public JsonWriter text(String name, String value) {
        return emit(() -> out.writeStringField(name, value));
    }

    /** Leaves the field out if there is no value. */
    public JsonWriter text(String name, Optional<String> value) {
        value.ifPresent(present -> text(name, present));
        return this;
    }

    public JsonWriter number(String name, long value) {
        return emit(() -> out.writeNumberField(name, value));
    }

    public JsonWriter flag(String name, boolean value) {
        return emit(() -> out.writeBooleanField(name, value));
    }

    /** The constant's name. */
    public JsonWriter constant(String name, Enum<?> value) {
        return text(name, value.name());
    }

    public JsonWriter object(String name, Consumer<JsonWriter> fields) {
        return emit(() -> {
            out.writeObjectFieldStart(name);
            fields.accept(this);
            out.writeEndObject();
        });
    }

    /** Leaves the field out if there is no value. */
    public <T> JsonWriter object(String name, Optional<T> value, BiConsumer<JsonWriter, T> fields) {
        value.ifPresent(present -> object(name, writer -> fields.accept(writer, present)));
        return this;
    }

    /** An array of objects. */
    public <T> JsonWriter objects(String name, Collection<T> values, BiConsumer<JsonWriter, T> fields) {
        return emit(() -> {
            out.writeArrayFieldStart(name);
            for (T value : values) {
                out.writeStartObject();
                fields.accept(this, value);
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    /** An array of strings. */
    public JsonWriter texts(String name, Collection<String> values) {
        return emit(() -> {
            out.writeArrayFieldStart(name);
            for (String value : values) {
                out.writeString(value);
            }
            out.writeEndArray();
        });
    }

    /** An object with a string for every entry, sorted by key. */
    public JsonWriter textMap(String name, Map<String, String> values) {
        return object(name, writer -> new TreeMap<>(values).forEach(writer::text));
    }

    /** A field whose value is the text of a JSON object, e.g. one written by another writer. */
    public JsonWriter embedded(String name, String json) {
        return emit(() -> {
            out.writeFieldName(name);
            out.writeRawValue(json);
        });
    }

    /** A field with a value as {@link JsonObject} holds it. */
    JsonWriter tree(String name, Object value) {
        return emit(() -> {
            out.writeFieldName(name);
            writeTree(value);
        });
    }

    private void writeTree(Object value) throws IOException {
        if (value instanceof JsonObject object) {
            out.writeStartObject();
            object.fields().forEach(this::tree);
            out.writeEndObject();
        } else if (value instanceof List<?> elements) {
            out.writeStartArray();
            for (Object element : elements) {
                writeTree(element);
            }
            out.writeEndArray();
        } else if (value instanceof String text) {
            out.writeString(text);
        } else if (value instanceof Long number) {
            out.writeNumber(number);
        } else if (value instanceof Double number) {
            out.writeNumber(number);
        } else {
            out.writeBoolean((Boolean) value);
        }
    }

    private JsonWriter emit(Emission emission) {
        try {
            emission.run();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @FunctionalInterface
    private interface Emission {
        void run() throws IOException;
    }
}
