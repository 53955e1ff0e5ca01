package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.domain.CephAccess;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one way to Ceph's volumes: connects to a cluster when its first volume is touched and stays connected until closed. Looking at
 * a volume is given up after the settings' deadline, changing one after twice that.
 *
 * <p>Safe for use by several threads.
 */
public final class CephSession implements AutoCloseable {
    private final CephSettings settings;
    private final Function<CephAccess.SecretName, Optional<String>> secrets;
    private final DeadlineCalls calls = new DeadlineCalls();
    private final Map<CephAccess, CephConnection> connections = new HashMap<>();
    private boolean closed;

    /** A call on an open image. */
    public interface ImageCall<T> {
        T on(RbdImage image);
    }

    private interface PoolCall {
        int on(Pointer context);
    }

    /** @param secrets the key that a secret holds, base64; empty if it cannot be read, so that the user's keyring is used */
    public CephSession(CephSettings settings, Function<CephAccess.SecretName, Optional<String>> secrets) {
        this.settings = settings;
        this.secrets = secrets;
    }

    /**
     * Looks at a volume.
     *
     * @throws SnapshotException NOT_FOUND if there is no such volume; TRANSIENT if the cluster does not answer
     */
    public <T> T look(RbdVolume volume, String action, ImageCall<T> call) {
        return onImage(volume, null, action, Effect.NONE, call);
    }

    /** Looks at a snapshot of a volume, see {@link #look}. */
    public <T> T lookAt(RbdVolume volume, String snapshot, String action, ImageCall<T> call) {
        return onImage(volume, snapshot, action, Effect.NONE, call);
    }

    /** Changes a volume; OUTCOME_UNKNOWN if nobody can tell whether it was done. */
    public void change(RbdVolume volume, String action, Consumer<RbdImage> call) {
        onImage(volume, null, action, Effect.CHANGE, image -> {
            call.accept(image);
            return action;
        });
    }

    /** Creates an empty volume. Throws CONFLICT if it exists. */
    public void create(RbdVolume volume, long size) {
        onPool(
                volume,
                "create the volume " + volume.name(),
                context -> withOptions(
                        options -> CephLibraries.rbd().rbd_create4(context, volume.image(), size, options)));
    }

    /** Makes a volume that begins as a snapshot of another one, without copying. Throws CONFLICT if it exists. */
    public void cloneSnapshot(RbdVolume parent, String snapshot, RbdVolume volume) {
        onPool(volume, "clone " + parent.name() + "@" + snapshot + " to " + volume.name(), context -> {
            try (PoolContext parents = connection(parent.access()).context(parent)) {
                return withOptions(options -> CephLibraries.rbd()
                        .rbd_clone3(parents.pointer(), parent.image(), snapshot, context, volume.image(), options));
            }
        });
    }

    /** Removes a volume. Gone already: success. CONFLICT while somebody has it open, or it has snapshots. */
    public void remove(RbdVolume volume) {
        try {
            onPool(
                    volume,
                    "remove the volume " + volume.name(),
                    context -> CephLibraries.rbd().rbd_remove(context, volume.image()));
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    /**
     * Copies into a clone what it still has from its parent. Takes time that grows with the data.
     *
     * @param stall how long it may show no progress, upon which TRANSIENT is thrown; what was copied stays
     */
    public void flatten(RbdVolume volume, Duration stall, Cancellation cancellation) {
        AtomicLong progress = new AtomicLong(System.nanoTime());
        RbdCalls.ProgressListener listener = (done, total, argument) -> {
            progress.set(System.nanoTime());
            return 0;
        };
        cancellation.check();
        String action = "flatten " + volume.name();
        calls.watched(
                action,
                () -> withImage(volume, null, RbdImage.Mode.CHANGE, image -> {
                    image.flatten(listener);
                    return action;
                }),
                () -> {
                    cancellation.check();
                    if (System.nanoTime() - progress.get() > stall.toNanos()) {
                        throw SnapshotException.transientFault(
                                "flattening " + volume.name() + " shows no progress for " + stall.toSeconds() + " s",
                                null);
                    }
                });
    }

    /** Where a snapshot of a volume may differ from an older one of it: everywhere, where Ceph cannot tell. */
    public List<ByteRange> changes(RbdVolume volume, String since, String snapshot) {
        return onImage(volume, snapshot, "compare snapshots of " + volume.name(), Effect.NONE, image -> {
            if (image.snapshot(since).isEmpty()) {
                throw SnapshotException.notFound("the volume " + volume.name() + " has no snapshot " + since);
            }
            ByteRange all = new ByteRange(0, image.size());
            return RbdMap.since(image, since).map(map -> map.runs(all)).orElse(List.of(all));
        });
    }

    /** Opens a snapshot of a volume for reading; closed by the caller. */
    public BlockSource openSnapshot(RbdVolume volume, String snapshot) {
        return RbdSource.open(this, volume, snapshot);
    }

    /** Opens a volume that is all zeros for filling; closed by the caller. */
    public BlockTarget openTarget(RbdVolume volume) {
        return RbdTarget.open(this, volume);
    }

    /** Ends the connections; an image that is open keeps its connection until it is closed. Idempotent. */
    @Override
    public void close() {
        Map<CephAccess, CephConnection> open;
        synchronized (connections) {
            closed = true;
            open = Map.copyOf(connections);
            connections.clear();
        }
        open.values().forEach(CephConnection::retire);
    }

    // ---- for images that stay open ----

    /** Opens an image, to be closed with {@link #close(RbdImage)}. */
    RbdImage open(RbdVolume volume, @Nullable String snapshot, RbdImage.Mode mode) {
        return calls.within(
                limit(Effect.NONE),
                "open " + volume.name(),
                Effect.NONE,
                () -> RbdImage.open(connection(volume.access()), volume, snapshot, mode),
                RbdImage::close);
    }

    /** Closes an image when the calls on it have ended, also after this session was closed. */
    void close(RbdImage image) {
        within("close " + image.volume().name(), Effect.NONE, () -> {
            image.close();
            return image;
        });
    }

    /** Closes an image after a failure, which is told of and no other. */
    void closeAfter(RuntimeException failure, RbdImage image) {
        try {
            close(image);
        } catch (SnapshotException e) {
            failure.addSuppressed(e);
        }
    }

    <T> T within(String action, Effect effect, Supplier<T> call) {
        return calls.within(limit(effect), action, effect, call);
    }

    // ---- calls ----

    private <T> T onImage(
            RbdVolume volume, @Nullable String snapshot, String action, Effect effect, ImageCall<T> call) {
        RbdImage.Mode mode = effect == Effect.NONE ? RbdImage.Mode.READ : RbdImage.Mode.CHANGE;
        return within(action, effect, () -> withImage(volume, snapshot, mode, call));
    }

    private <T> T withImage(RbdVolume volume, @Nullable String snapshot, RbdImage.Mode mode, ImageCall<T> call) {
        RbdImage image = RbdImage.open(connection(volume.access()), volume, snapshot, mode);
        try {
            return call.on(image);
        } finally {
            image.close();
        }
    }

    private void onPool(RbdVolume volume, String action, PoolCall call) {
        within(action, Effect.CHANGE, () -> {
            try (PoolContext context = connection(volume.access()).context(volume)) {
                int result = call.on(context.pointer());
                if (result < 0) {
                    throw RbdFaults.of(action, Effect.CHANGE, result);
                }
                return action;
            }
        });
    }

    private interface OptionsCall {
        int with(Pointer options);
    }

    private static int withOptions(OptionsCall call) {
        PointerByReference options = new PointerByReference();
        CephLibraries.rbd().rbd_image_options_create(options);
        try {
            return call.with(options.getValue());
        } finally {
            CephLibraries.rbd().rbd_image_options_destroy(options.getValue());
        }
    }

    private Duration limit(Effect effect) {
        return effect == Effect.NONE
                ? settings.deadline().plusSeconds(1)
                : settings.deadline().multipliedBy(2);
    }

    private CephConnection connection(CephAccess access) {
        synchronized (connections) {
            if (closed) {
                throw new SnapshotException(Kind.PERMANENT, "the hypervisor was closed; open it again");
            }
            @Nullable CephConnection known = connections.get(access);
            if (known != null && known.isShutOut()) {
                connections.remove(access);
                known.retire();
                known = null;
            }
            if (known == null) {
                known = CephConnection.open(access, settings, access.secret().flatMap(secrets));
                connections.put(access, known);
            }
            return known;
        }
    }
}
