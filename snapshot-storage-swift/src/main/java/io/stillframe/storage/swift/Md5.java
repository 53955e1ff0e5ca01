package io.stillframe.storage.swift;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Swift's ETags, which servers check what they receive against. Proof against accidents, not against attackers. */
final class Md5 {
    private Md5() {}

    static String of(ByteBuffer bytes) {
        MessageDigest digest = digest();
        digest.update(bytes.duplicate());
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The ETag of a large object. */
    static String ofEtags(List<String> etags) {
        MessageDigest digest = digest();
        etags.forEach(etag -> digest.update(etag.getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has MD5", e);
        }
    }
}
