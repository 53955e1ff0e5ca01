package io.stillframe.catalog.jdbc;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A database's URL, apart from its secrets.
 *
 * @param url without any secret
 * @param secrets settings for the driver that must not be shown, as name and value
 */
record JdbcUri(String url, List<Secret> secrets) {
    private static final Set<String> SECRET = Set.of("password", "sslpassword", "sslkeypassword", "cipher_password");

    /**
     * A setting that must not be shown.
     *
     * @param name as the driver calls it
     * @param value never printed
     */
    record Secret(String name, String value) {
        @Override
        public String toString() {
            return name + "=…";
        }
    }

    static JdbcUri parse(URI uri) {
        return parse(uri.toString());
    }

    /** Settings follow {@code ?} and {@code &} in PostgreSQL's URLs, {@code ;} in H2's. */
    static JdbcUri parse(String text) {
        boolean byQuery = text.regionMatches(true, 0, "jdbc:postgresql:", 0, "jdbc:postgresql:".length());
        String separator = byQuery ? "&" : ";";
        int settings = text.indexOf(byQuery ? '?' : ';');
        if (settings < 0) {
            return new JdbcUri(text, List.of());
        }
        List<Secret> secrets = new ArrayList<>();
        List<String> shown = new ArrayList<>();
        for (String setting : text.substring(settings + 1).split(separator, -1)) {
            Optional<Secret> secret = secret(setting, byQuery);
            secret.ifPresentOrElse(secrets::add, () -> shown.add(setting));
        }
        String base = text.substring(0, settings);
        String url = shown.isEmpty() ? base : base + text.charAt(settings) + String.join(separator, shown);
        return new JdbcUri(url, List.copyOf(secrets));
    }

    private static Optional<Secret> secret(String setting, boolean encoded) {
        int equals = setting.indexOf('=');
        String name = equals < 0 ? setting : setting.substring(0, equals);
        if (equals < 0 || !SECRET.contains(name.toLowerCase(Locale.ROOT))) {
            return Optional.empty();
        }
        String value = setting.substring(equals + 1);
        return Optional.of(new Secret(name, encoded ? URLDecoder.decode(value, StandardCharsets.UTF_8) : value));
    }
}
