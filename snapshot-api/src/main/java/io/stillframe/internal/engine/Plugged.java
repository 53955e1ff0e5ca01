package io.stillframe.internal.engine;

import java.util.function.Supplier;

/**
 * A plugin and who closes it.
 *
 * @param opener gives the plugin; called once
 * @param ownership who closes it
 * @param <T> the plugin's type
 */
public record Plugged<T extends AutoCloseable>(Supplier<T> opener, Ownership ownership) {
    /** Who closes a plugin. */
    public enum Ownership {
        CALLER,
        SERVICE
    }

    public static <T extends AutoCloseable> Plugged<T> handedOver(T plugin) {
        return new Plugged<>(() -> plugin, Ownership.CALLER);
    }

    public static <T extends AutoCloseable> Plugged<T> opened(Supplier<T> opener) {
        return new Plugged<>(opener, Ownership.SERVICE);
    }
}
