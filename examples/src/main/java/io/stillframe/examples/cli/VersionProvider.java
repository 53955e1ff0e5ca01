package io.stillframe.examples.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The tool's version, as the build wrote it down. */
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        Properties properties = new Properties();
        try (InputStream file = VersionProvider.class.getResourceAsStream("version.properties")) {
            if (file != null) {
                properties.load(file);
            }
        }
        return new String[] {"stillframe " + properties.getProperty("version", "(unknown version)")};
    }
}
