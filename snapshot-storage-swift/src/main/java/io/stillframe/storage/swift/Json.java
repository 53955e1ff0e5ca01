package io.stillframe.storage.swift;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** JSON of servers, read into maps, lists, strings, numbers and booleans; a null is left out of maps. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    @FunctionalInterface
    interface Writing {
        void to(JsonGenerator out) throws IOException;
    }

    static byte[] write(Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
            writing.to(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** @throws IOException if it is not whole, or not JSON */
    static Object read(byte[] bytes) throws IOException {
        try (JsonParser in = FACTORY.createParser(bytes)) {
            JsonToken first = in.nextToken();
            if (first == null) {
                throw new IOException("an empty answer where JSON was expected");
            }
            return value(in, first);
        }
    }

    static Map<?, ?> readObject(byte[] bytes) throws IOException {
        if (read(bytes) instanceof Map<?, ?> map) {
            return map;
        }
        throw new IOException("JSON of another shape than expected");
    }

    static List<?> readArray(byte[] bytes) throws IOException {
        if (read(bytes) instanceof List<?> list) {
            return list;
        }
        throw new IOException("JSON of another shape than expected");
    }

    static Optional<String> text(Map<?, ?> object, String name) {
        return object.get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    static Optional<Long> number(Map<?, ?> object, String name) {
        return object.get(name) instanceof Long number ? Optional.of(number) : Optional.empty();
    }

    static Map<?, ?> object(Map<?, ?> object, String name) {
        return object.get(name) instanceof Map<?, ?> map ? map : Map.of();
    }

    static List<?> array(Map<?, ?> object, String name) {
        return object.get(name) instanceof List<?> list ? list : List.of();
    }

    private static Object value(JsonParser in, JsonToken token) throws IOException {
        return switch (token) {
            case START_OBJECT -> object(in);
            case START_ARRAY -> array(in);
            case VALUE_STRING -> in.getText();
            case VALUE_NUMBER_INT -> in.getLongValue();
            case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> Optional.empty();
        };
    }

    private static Map<String, Object> object(JsonParser in) throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        for (JsonToken token = next(in); token != JsonToken.END_OBJECT; token = next(in)) {
            String name = in.currentName();
            JsonToken value = next(in);
            if (value != JsonToken.VALUE_NULL) {
                map.put(name, value(in, value));
            }
        }
        return map;
    }

    private static List<Object> array(JsonParser in) throws IOException {
        List<Object> list = new ArrayList<>();
        for (JsonToken token = next(in); token != JsonToken.END_ARRAY; token = next(in)) {
            list.add(value(in, token));
        }
        return list;
    }

    private static JsonToken next(JsonParser in) throws IOException {
        JsonToken token = in.nextToken();
        if (token == null) {
            throw new IOException("JSON that ends early");
        }
        return token;
    }
}
