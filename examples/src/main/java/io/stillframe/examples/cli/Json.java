package io.stillframe.examples.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Writes the tool's JSON answers. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    /** Writes one document. */
    interface Document {
        void write(JsonGenerator json) throws IOException;
    }

    private Json() {}

    /** The document as indented text without a line end. */
    static String text(Document document) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            json.useDefaultPrettyPrinter();
            document.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException("writing JSON to memory", e);
        }
        return text.toString();
    }
}
