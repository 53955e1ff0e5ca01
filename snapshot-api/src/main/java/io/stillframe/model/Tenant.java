package io.stillframe.model;

/**
 * Whom a snapshot is taken for. Work that waits is divided between tenants, so that one with many requests does not keep another with
 * few from being served.
 *
 * @param name 1 to 128 of letters, digits and {@code _ . + : @ -}, the first a letter or digit
 */
public record Tenant(String name) {
    private static final Tenant DEFAULT = new Tenant("default");

    public Tenant {
        Names.tenant(name);
    }

    /** Of requests that name none, together. */
    public static Tenant ofDefault() {
        return DEFAULT;
    }

    @Override
    public String toString() {
        return name;
    }
}
