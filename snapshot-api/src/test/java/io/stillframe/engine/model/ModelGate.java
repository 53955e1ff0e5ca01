package io.stillframe.engine.model;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.testing.PluginCalls;
import io.stillframe.testing.PluginCalls.Call;
import io.stillframe.testing.simulation.Simulation;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Stands between one node and one plugin. Other threads run before and after each call's effect, which is one indivisible step; calls
 * fail, lose their answers, or take long, as chance has it.
 */
final class ModelGate {
    private static final Set<String> PLAIN = Set.of(
            "uri",
            "driver",
            "capture",
            "volumes",
            "canKeep",
            "planKeep",
            "location",
            "name",
            "capabilities",
            "features",
            "toString",
            "hashCode",
            "equals",
            "size",
            "token",
            "bytesSent",
            "detach");
    private static final Set<Class<?>> HANDED_OUT =
            Set.of(HypervisorDriver.class, DiskCapture.class, VolumeSnapshots.class, UploadSession.class);

    private final PluginCalls plugins = new PluginCalls(HANDED_OUT, this::call);
    private final Simulation simulation;
    private final Faultiness faultiness;
    private final BiConsumer<String, Object[]> onEffect;

    /** How often calls go wrong; changed while nodes work. */
    static final class Faultiness {
        /** Of a thousand calls. */
        int failures;
        /** Of a thousand calls. */
        int delays;
        /** Every call fails. */
        boolean out;
        /** Whether any call took longer than a lease. */
        boolean stalled;
    }

    ModelGate(Simulation simulation, Faultiness faultiness, BiConsumer<String, Object[]> onEffect) {
        this.simulation = simulation;
        this.faultiness = faultiness;
        this.onEffect = onEffect;
    }

    <T> T around(Class<T> type, T plugin) {
        return plugins.around(type, plugin);
    }

    private Object call(Call call) throws Throwable {
        if (PLAIN.contains(call.name())) {
            return call.proceed();
        }
        simulation.step();
        delay();
        if (faultiness.out || chance(faultiness.failures)) {
            throw SnapshotException.transientFault("injected", null);
        }
        Object result = call.proceed();
        onEffect.accept(call.name(), call.arguments());
        simulation.step();
        delay();
        boolean mayBeLost =
                call.returned() != UploadSession.class && !call.name().equals("watch");
        if (mayBeLost && (faultiness.out || chance(faultiness.failures))) {
            throw new SnapshotException(Kind.OUTCOME_UNKNOWN, "injected, after its effect");
        }
        return result;
    }

    private boolean chance(int ofThousand) {
        return simulation.random().nextInt(1000) < ofThousand;
    }

    private void delay() {
        if (chance(faultiness.delays)) {
            Random random = simulation.random();
            boolean stall = random.nextInt(8) == 0;
            faultiness.stalled |= stall;
            simulation.sleep(stall ? 2_000 + random.nextInt(18_000) : 1 + random.nextInt(400), TimeUnit.MILLISECONDS);
        }
    }

    static boolean isHold(String method, Object[] arguments) {
        return method.equals("begin") && arguments.length == 1 && arguments[0] instanceof CapturePlan;
    }
}
