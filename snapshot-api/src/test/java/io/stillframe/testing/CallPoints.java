package io.stillframe.testing;

import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.Lease;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.UploadSession;
import io.stillframe.testing.CallPoint.Moment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Stands between an engine and its plugins and tells a test of every call that may have an effect, before and after it, under a name
 * that is the same in every run. A call that it does not know counts as one with an effect, so that new ones are found without a list.
 * What the visitor throws, the engine gets in place of the call's result.
 */
public final class CallPoints {
    /** Calls that only tell something. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "uri",
            "driver",
            "capture",
            "name",
            "capabilities",
            "features",
            "probe",
            "ownTime",
            "size",
            "token",
            "arrived",
            "holds",
            "bytesSent",
            "observe",
            "watch",
            "plan",
            "planLaunch",
            "listHeld",
            "find",
            "findByToken",
            "list",
            "listUploads",
            "journal",
            "stat",
            "open",
            "toString",
            "hashCode",
            "equals");

    private static final Set<Class<?>> WRAPPED =
            Set.of(HypervisorDriver.class, DiskCapture.class, UploadSession.class, BlockTarget.class);
    /** The service's own name is random, and so is which thread of a pool it is. */
    private static final Pattern WORK = Pattern.compile("stillframe-[0-9a-f]+-([a-z]+).*");

    private final Consumer<CallPoint> visitor;
    private final Map<String, AtomicInteger> occurrences = new ConcurrentHashMap<>();

    /** @param visitor called on the engine's threads, several at once */
    public CallPoints(Consumer<CallPoint> visitor) {
        this.visitor = visitor;
    }

    public Hypervisor around(Hypervisor hypervisor) {
        return around(Hypervisor.class, hypervisor);
    }

    public ObjectStore around(ObjectStore store) {
        return around(ObjectStore.class, store);
    }

    public SnapshotCatalog around(SnapshotCatalog catalog) {
        return around(SnapshotCatalog.class, catalog);
    }

    private <T> T around(Class<T> type, T plugin) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> call(type, plugin, method, arguments)));
    }

    private Object call(Class<?> type, Object plugin, Method method, Object[] arguments) throws Throwable {
        if (WITHOUT_EFFECT.contains(method.getName()) || isPluginsEnd(type, method)) {
            return wrapped(method.getReturnType(), invoke(plugin, method, arguments));
        }
        String call = work() + ": " + type.getSimpleName() + "." + method.getName() + detail(plugin, arguments);
        int occurrence =
                occurrences.computeIfAbsent(call, name -> new AtomicInteger()).incrementAndGet();
        visitor.accept(new CallPoint(call, occurrence, Moment.BEFORE));
        Object result = invoke(plugin, method, arguments);
        visitor.accept(new CallPoint(call, occurrence, Moment.AFTER));
        return wrapped(method.getReturnType(), result);
    }

    /** Closing a plugin gives back what is this process's only; closing an upload aborts it. */
    private static boolean isPluginsEnd(Class<?> type, Method method) {
        return method.getName().equals("close") && type != UploadSession.class && type != BlockTarget.class;
    }

    private static Object invoke(Object plugin, Method method, Object[] arguments) throws Throwable {
        try {
            method.setAccessible(true);
            return method.invoke(plugin, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private Object wrapped(Class<?> type, Object result) {
        return WRAPPED.contains(type) ? around((Class) type, result) : result;
    }

    private static String work() {
        Matcher name = WORK.matcher(Thread.currentThread().getName());
        return name.matches() ? name.group(1) : "caller";
    }

    /** What tells this call from others of its method, as far as it is the same in every run. */
    private static String detail(Object plugin, Object[] arguments) {
        String session = plugin instanceof UploadSession upload
                ? " " + lastOf(upload.token().key())
                : "";
        List<Object> known = arguments == null ? List.of() : Arrays.asList(arguments);
        return session
                + known.stream()
                        .map(CallPoints::detail)
                        .filter(text -> !text.isEmpty())
                        .map(text -> " " + text)
                        .collect(Collectors.joining());
    }

    private static String detail(Object argument) {
        if (argument instanceof CatalogRecord record) {
            return record.snapshot().status() + "/" + record.snapshot().phase()
                    + record.snapshot().obligations().stream().sorted().toList();
        }
        if (argument instanceof ObjectKey key) {
            return lastOf(key);
        }
        if (argument instanceof Lease lease) {
            return resource(lease.resource());
        }
        if (argument instanceof Collection<?> several) {
            return several.stream().allMatch(ObjectKey.class::isInstance) && !several.isEmpty()
                    ? several.stream().map(CallPoints::detail).sorted().toList().toString()
                    : "";
        }
        if (argument instanceof Enum<?> constant) {
            return constant.name();
        }
        if (argument instanceof String text) {
            return text.matches("[a-z-]{1,20}") ? text : text.startsWith("stop:") ? "stop" : "";
        }
        return argument instanceof Integer number ? number.toString() : "";
    }

    private static String resource(String resource) {
        return resource.startsWith("stop:") ? "stop" : "";
    }

    private static String lastOf(ObjectKey key) {
        return key.value().substring(key.value().lastIndexOf('/') + 1);
    }
}
