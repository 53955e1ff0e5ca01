package io.stillframe.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A certificate authority of a test's own, made with the JDK's {@code keytool}. */
public final class TestAuthority {
    private static final String PASSWORD = "changeit";
    private static final String CA = "ca";

    private final Path store;
    private final Path pem;

    private TestAuthority(Path store, Path pem) {
        this.store = store;
        this.pem = pem;
    }

    /** @param directory gets its files */
    public static TestAuthority create(Path directory, String name) {
        TestAuthority authority = new TestAuthority(directory.resolve(name + ".p12"), directory.resolve(name + ".pem"));
        authority.generate(CA, "-ext", "bc:c", "-dname", "CN=" + name);
        authority.writePem();
        return authority;
    }

    /** Its own certificate, as those have it who trust it. */
    public Path pem() {
        return pem;
    }

    /**
     * A server's key, with a certificate that it has signed.
     *
     * @param name as in {@code keytool -ext san=}, e.g. {@code ip:127.0.0.1}
     */
    public SSLContext identity(String name) {
        String alias = name.replaceAll("[^a-z0-9]", "-");
        generate(alias, "-signer", CA, "-ext", "san=" + name, "-dname", "CN=server");
        try {
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            KeyStore all = load();
            own.setKeyEntry(
                    alias,
                    all.getKey(alias, PASSWORD.toCharArray()),
                    PASSWORD.toCharArray(),
                    all.getCertificateChain(alias));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("no identity " + name, e);
        }
    }

    private void generate(String alias, String... more) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD,
                "-alias",
                alias,
                "-keyalg",
                "EC",
                "-validity",
                "2"));
        command.addAll(List.of(more));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException("keytool: " + said.toLowerCase(Locale.ROOT));
            }
        } catch (IOException e) {
            throw new IllegalStateException("keytool does not run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private KeyStore load() {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore all = KeyStore.getInstance("PKCS12");
            all.load(in, PASSWORD.toCharArray());
            return all;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("keytool's " + store + " cannot be read", e);
        }
    }

    private void writePem() {
        try {
            String encoded = Base64.getMimeEncoder()
                    .encodeToString(load().getCertificate(CA).getEncoded());
            Files.writeString(pem, "-----BEGIN CERTIFICATE-----\n" + encoded + "\n-----END CERTIFICATE-----\n");
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("no " + pem, e);
        }
    }
}
