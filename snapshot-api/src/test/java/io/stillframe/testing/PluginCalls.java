package io.stillframe.testing;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of plugins and of what they hand out: every call comes to an interceptor, which lets it go on or not. Safe for use by
 * several threads if the interceptor is.
 */
public final class PluginCalls {
    private final Set<Class<?>> handedOut;
    private final Interceptor interceptor;

    /**
     * @param handedOut interfaces of objects that are stood in front of, too, when a call returns one, or perhaps one
     * @param interceptor called on the callers' threads
     */
    public PluginCalls(Set<Class<?>> handedOut, Interceptor interceptor) {
        this.handedOut = Set.copyOf(handedOut);
        this.interceptor = interceptor;
    }

    /** Decides what becomes of calls. */
    @FunctionalInterface
    public interface Interceptor {
        /** The call's result, which the caller gets; so it does what this throws. */
        Object intercept(Call call) throws Throwable;
    }

    /** One call. */
    public static final class Call {
        private final Class<?> type;
        private final Object plugin;
        private final Method method;
        private final Object[] arguments;

        private Call(Class<?> type, Object plugin, Method method, Object @Nullable [] arguments) {
            this.type = type;
            this.plugin = plugin;
            this.method = method;
            this.arguments = arguments == null ? new Object[0] : arguments;
        }

        /** The interface that it was made on. */
        public Class<?> type() {
            return type;
        }

        /** What it was meant for. */
        public Object plugin() {
            return plugin;
        }

        /** The method's name. */
        public String name() {
            return method.getName();
        }

        /** What the method returns. */
        public Class<?> returned() {
            return method.getReturnType();
        }

        /** In order; none for a method without parameters. */
        public Object[] arguments() {
            return arguments.clone();
        }

        /** Has its effect. */
        public Object proceed() throws Throwable {
            try {
                method.setAccessible(true);
                return method.invoke(plugin, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }
    }

    /** A plugin that passes every call to the interceptor. */
    public <T> T around(Class<T> type, T plugin) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> pass(new Call(type, plugin, method, arguments))));
    }

    private Object pass(Call call) throws Throwable {
        Object result = interceptor.intercept(call);
        if (result instanceof Optional<?> perhaps && perhaps.isPresent()) {
            return aroundPerhaps(perhaps.get());
        }
        return handedOut.contains(call.returned()) ? aroundResult(call.returned(), result) : result;
    }

    private Optional<?> aroundPerhaps(Object value) {
        Optional<Class<?>> type =
                handedOut.stream().filter(each -> each.isInstance(value)).findFirst();
        return Optional.of(type.isPresent() ? aroundResult(type.get(), value) : value);
    }

    private <T> T aroundResult(Class<T> type, Object result) {
        return around(type, type.cast(result));
    }
}
