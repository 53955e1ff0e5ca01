package io.stillframe.internal.memory;

import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A way of getting direct memory and of giving it back. Safe for use by several threads. */
interface Allocator {
    Region newRegion();

    /** Buffers that are freed together. For one thread at a time. */
    interface Region {
        ByteBuffer allocate(int bytes);

        void free();
    }

    /** A reflective call. */
    @FunctionalInterface
    interface Call {
        @Nullable
        Object invoke() throws ReflectiveOperationException;
    }

    /** Calls a method that was found before, throws nothing checked and returns something. */
    static Object call(Call call) {
        return Objects.requireNonNull(run(call), "the JDK's answer");
    }

    /** Calls a method that was found before and throws nothing checked. */
    static @Nullable Object run(Call call) {
        try {
            return call.invoke();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException("the JDK refused to handle direct memory", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the JDK changed how direct memory is handled", e);
        }
    }
}
