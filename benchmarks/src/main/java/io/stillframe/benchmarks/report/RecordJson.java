package io.stillframe.benchmarks.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Records of numbers, strings, lists, string maps and further records as JSON. */
public final class RecordJson {
    private static final JsonFactory FACTORY = new JsonFactory();

    private RecordJson() {}

    /** Writes a record to a new file. */
    public static void write(Path file, Record value) {
        try (JsonGenerator json = FACTORY.createGenerator(Files.newBufferedWriter(file))) {
            json.useDefaultPrettyPrinter();
            write(json, value);
            json.writeRaw('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(JsonGenerator json, Object value) throws IOException {
        if (value instanceof Record parts) {
            json.writeStartObject();
            for (RecordComponent component : parts.getClass().getRecordComponents()) {
                json.writeFieldName(component.getName());
                write(json, part(parts, component));
            }
            json.writeEndObject();
        } else if (value instanceof List<?> list) {
            json.writeStartArray();
            for (Object each : list) {
                write(json, each);
            }
            json.writeEndArray();
        } else if (value instanceof Map<?, ?> map) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                json.writeFieldName(String.valueOf(entry.getKey()));
                write(json, entry.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof Double number) {
            json.writeNumber(number);
        } else if (value instanceof Long number) {
            json.writeNumber(number);
        } else {
            json.writeString(String.valueOf(value));
        }
    }

    private static Object part(Record value, RecordComponent component) {
        try {
            return component.getAccessor().invoke(value);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " cannot be read", e);
        }
    }

    /** Reads what {@link #write} wrote; a number that an earlier version did not write is 0. */
    public static <T extends Record> T read(Path file, Class<T> type) {
        try (JsonParser json = FACTORY.createParser(file.toFile())) {
            json.nextToken();
            return type.cast(read(json, type));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The value whose first token is the current one. */
    private static Object read(JsonParser json, Type type) throws IOException {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            return generic.getRawType() == List.class ? list(json, arguments[0]) : map(json, arguments[1]);
        }
        if (type == double.class) {
            return json.getDoubleValue();
        }
        if (type == long.class) {
            return json.getLongValue();
        }
        return type == String.class ? json.getText() : record(json, (Class<?>) type);
    }

    private static List<Object> list(JsonParser json, Type element) throws IOException {
        List<Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            list.add(read(json, element));
        }
        return list;
    }

    private static Map<String, Object> map(JsonParser json, Type value) throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            json.nextToken();
            map.put(key, read(json, value));
        }
        return map;
    }

    private static Object record(JsonParser json, Class<?> type) throws IOException {
        RecordComponent[] components = type.getRecordComponents();
        Map<String, Object> parts = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            RecordComponent component = Arrays.stream(components)
                    .filter(each -> each.getName().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IOException(type.getSimpleName() + " has no '" + name + "'"));
            parts.put(name, read(json, component.getGenericType()));
        }
        try {
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Object[] values = Arrays.stream(components)
                    .map(component ->
                            parts.getOrDefault(component.getName(), component.getType() == double.class ? 0.0 : null))
                    .toArray();
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            throw new IOException(type.getSimpleName() + " lacks a part; it has " + parts.keySet(), e);
        }
    }
}
