package io.stillframe.spi;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;

/**
 * Tells a server whose certificate is not accepted, which no further try makes better, from all other ends of a TLS handshake: a
 * connection that is cut while the two sides shake hands surfaces as a {@link javax.net.ssl.SSLHandshakeException} too.
 */
public final class UntrustedPeer {
    private UntrustedPeer() {}

    /** Whether a certificate that was not accepted is among the fault's causes, or the fault itself. */
    public static boolean isCauseOf(Throwable fault) {
        for (Throwable at = fault; at != null; at = at.getCause()) {
            if (at instanceof CertificateException
                    || at instanceof CertPathValidatorException
                    || at instanceof CertPathBuilderException) {
                return true;
            }
        }
        return false;
    }
}
