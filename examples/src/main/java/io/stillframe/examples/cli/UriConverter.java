package io.stillframe.examples.cli;

import java.net.URI;
import java.net.URISyntaxException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A plugin's URI as written on the command line. */
final class UriConverter implements ITypeConverter<URI> {
    @Override
    public URI convert(String value) {
        return parse(value);
    }

    /** Reads a URI with a scheme. */
    static URI parse(String text) {
        try {
            URI uri = new URI(text);
            if (uri.getScheme() == null) {
                throw new TypeConversionException("'" + text
                        + "' is no URI with a scheme; a directory is written file:///path, QEMU qemu:///system");
            }
            return uri;
        } catch (URISyntaxException e) {
            // The text may hold a secret in its user part, so only the fault and its place are told.
            TypeConversionException refusal =
                    new TypeConversionException("no URI: " + e.getReason() + " at character " + e.getIndex());
            refusal.initCause(e);
            throw refusal;
        }
    }

    /** A directory's URI, {@code file:///path}. */
    static URI ofDirectory(String absolutePath) {
        try {
            return new URI("file", "", absolutePath, null, null);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("no absolute path: " + absolutePath, e);
        }
    }
}
