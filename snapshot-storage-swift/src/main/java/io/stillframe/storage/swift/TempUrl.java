package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Temporary URLs. They are signed with a key of the account: one of the container alone does not reach the segments. */
final class TempUrl {
    private static final Duration LONGEST = Duration.ofDays(7);
    private static final String ACCOUNT_KEY = "X-Account-Meta-Temp-Url-Key";

    private final SwiftParts parts;
    private final Optional<SwiftSecret> key;

    TempUrl(SwiftParts parts, Optional<SwiftSecret> key) {
        this.parts = parts;
        this.key = key;
    }

    URI read(ObjectKey object, Duration validity) {
        if (validity.compareTo(Duration.ofSeconds(1)) < 0 || validity.compareTo(LONGEST) > 0) {
            throw SnapshotException.invalid("a presigned URL is valid for 1 s to 7 days, got " + validity);
        }
        URI account = parts.client().account();
        long expires = Instant.now().plus(validity).getEpochSecond();
        String path = account.getPath() + "/" + parts.names().container() + "/"
                + parts.names().object(object);
        String digest = parts.info().tempUrlDigests().contains("sha256") ? "sha256" : "sha1";
        if (parts.info().tempUrlDigests().isEmpty()) {
            throw SnapshotException.unsupported("the Swift cluster does not offer temporary URLs");
        }
        String signature = sign(digest, "GET\n" + expires + "\n" + path);
        return URI.create(account + parts.names().objectPath(object) + "?temp_url_sig=" + signature
                + "&temp_url_expires=" + expires);
    }

    private String sign(String digest, String text) {
        String algorithm = digest.equals("sha256") ? "HmacSHA256" : "HmacSHA1";
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(secret().getBytes(StandardCharsets.UTF_8), algorithm));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw SnapshotException.permanent("a temporary URL cannot be signed", e);
        }
    }

    private String secret() {
        return key.map(SwiftSecret::reveal)
                .or(() -> parts.client()
                        .succeed("looking for the account's key of temporary URLs", SwiftCall.describing(""))
                        .header(ACCOUNT_KEY))
                .orElseThrow(() -> SnapshotException.unsupported(
                        "no key for temporary URLs: set one on the account, or give the builder the account's"));
    }
}
