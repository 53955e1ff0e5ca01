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
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.testing.CallPoint.Moment;
import io.stillframe.testing.PluginCalls.Call;
import java.util.Arrays;
import java.util.Collection;
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
            "volumes",
            "canKeep",
            "planKeep",
            "location",
            "reaches",
            "changes",
            "dependents",
            "planClone",
            "listKept",
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
            "unfinished",
            "list",
            "listUploads",
            "journal",
            "stat",
            "open",
            "toString",
            "hashCode",
            "equals");

    private static final Set<Class<?>> HANDED_OUT = Set.of(
            HypervisorDriver.class, DiskCapture.class, VolumeSnapshots.class, UploadSession.class, BlockTarget.class);

    /** The service's own name is random, and so is which thread of a pool it is. */
    private static final Pattern WORK = Pattern.compile("stillframe-[0-9a-f]+-([a-z]+).*");

    private final Consumer<CallPoint> visitor;
    private final PluginCalls plugins = new PluginCalls(HANDED_OUT, this::call);
    private final Map<String, AtomicInteger> occurrences = new ConcurrentHashMap<>();

    /** @param visitor called on the engine's threads, several at once */
    public CallPoints(Consumer<CallPoint> visitor) {
        this.visitor = visitor;
    }

    public Hypervisor around(Hypervisor hypervisor) {
        return plugins.around(Hypervisor.class, hypervisor);
    }

    public ObjectStore around(ObjectStore store) {
        return plugins.around(ObjectStore.class, store);
    }

    public SnapshotCatalog around(SnapshotCatalog catalog) {
        return plugins.around(SnapshotCatalog.class, catalog);
    }

    private Object call(Call call) throws Throwable {
        if (WITHOUT_EFFECT.contains(call.name()) || isPluginsEnd(call)) {
            return call.proceed();
        }
        String name = work() + ": " + call.type().getSimpleName() + "." + call.name() + detail(call);
        int occurrence =
                occurrences.computeIfAbsent(name, fresh -> new AtomicInteger()).incrementAndGet();
        visitor.accept(new CallPoint(name, occurrence, Moment.BEFORE));
        Object result = call.proceed();
        visitor.accept(new CallPoint(name, occurrence, Moment.AFTER));
        return result;
    }

    /** Closing a plugin gives back what is this process's only; closing an upload aborts it. */
    private static boolean isPluginsEnd(Call call) {
        return call.name().equals("close") && call.type() != UploadSession.class && call.type() != BlockTarget.class;
    }

    private static String work() {
        Matcher name = WORK.matcher(Thread.currentThread().getName());
        return name.matches() ? name.group(1) : "caller";
    }

    /** What tells this call from others of its method, as far as it is the same in every run. */
    private static String detail(Call call) {
        String session = call.plugin() instanceof UploadSession upload
                ? " " + lastOf(upload.token().key())
                : "";
        return session
                + Arrays.stream(call.arguments())
                        .map(CallPoints::text)
                        .filter(text -> !text.isEmpty())
                        .map(text -> " " + text)
                        .collect(Collectors.joining());
    }

    private static String text(Object argument) {
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
                    ? several.stream().map(CallPoints::text).sorted().toList().toString()
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
