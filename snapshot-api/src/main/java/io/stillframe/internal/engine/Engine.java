package io.stillframe.internal.engine;

import io.stillframe.model.LaunchListener;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.Subscription;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Everything behind the facade; being built. */
@SuppressWarnings("DoNotCallSuggester")
public final class Engine implements AutoCloseable {
    private Engine() {}

    public static Engine start(
            Optional<Plugged<Hypervisor>> hypervisor,
            Optional<Plugged<ObjectStore>> store,
            @Nullable Plugged<SnapshotCatalog> catalog,
            ServiceSettings settings,
            Clock clock) {
        throw building();
    }

    public Snapshot create(SnapshotRequest request) {
        throw building();
    }

    public Snapshot get(SnapshotId id) {
        throw building();
    }

    public Page<Snapshot> list(Optional<String> after, int limit) {
        throw building();
    }

    public Subscription watch(SnapshotId id, Consumer<Snapshot> listener) {
        throw building();
    }

    public Snapshot await(SnapshotId id, Predicate<Snapshot> until, Duration deadline) {
        throw building();
    }

    public LaunchedInstance launch(LaunchRequest request, LaunchListener listener, Cancellation cancellation) {
        throw building();
    }

    public BlockSource openDisk(SnapshotId id, String device) {
        throw building();
    }

    public Snapshot cancel(SnapshotId id) {
        throw building();
    }

    public void delete(SnapshotId id) {
        throw building();
    }

    public Snapshot resume(SnapshotId id) {
        throw building();
    }

    public RecoveryReport recover(Cancellation cancellation) {
        throw building();
    }

    public SweepReport sweep(SweepMode mode, Cancellation cancellation) {
        throw building();
    }

    @Override
    public void close() {
        throw building();
    }

    private static SnapshotException building() {
        return SnapshotException.unsupported("the engine is being built");
    }
}
