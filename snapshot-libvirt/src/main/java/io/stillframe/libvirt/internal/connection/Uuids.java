package io.stillframe.libvirt.internal.connection;

import java.util.regex.Pattern;

/** What libvirt takes for a domain's identity. */
final class Uuids {
    private static final Pattern FORM = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private Uuids() {}

    static boolean isUuid(String text) {
        return FORM.matcher(text).matches();
    }
}
