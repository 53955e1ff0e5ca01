package io.stillframe.examples.cli;

import io.stillframe.hypervisor.ImageDirectoryHypervisor;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.Extent;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.HypervisorProvider;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.util.Iterator;
import java.util.Objects;
import java.util.Set;

/**
 * Opens {@code gated:///directory}: an image directory whose held disks can be read only once the file {@code gate} is in it, so that
 * a process can be met in the middle of its transfer.
 */
public final class GatedHypervisorProvider implements HypervisorProvider {
    static final String GATE = "gate";

    @Override
    public String name() {
        return "gated";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("gated");
    }

    @Override
    public Hypervisor open(URI uri) {
        Path directory = Path.of(uri.getPath());
        return new Gated(uri, ImageDirectoryHypervisor.open(directory), directory.resolve(GATE));
    }

    private record Gated(URI place, ImageDirectoryHypervisor images, Path gate) implements Hypervisor {
        @Override
        public String uri() {
            return place.toString();
        }

        @Override
        public HypervisorDriver driver() {
            return images.driver();
        }

        @Override
        public DiskCapture capture() {
            DiskCapture capture = images.capture();
            return (DiskCapture) Proxy.newProxyInstance(
                    DiskCapture.class.getClassLoader(),
                    new Class<?>[] {DiskCapture.class},
                    (proxy, method, arguments) -> {
                        try {
                            Object result = method.invoke(capture, arguments);
                            return result instanceof BlockSource source ? new GatedSource(source, gate) : result;
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        @Override
        public void close() {
            images.close();
        }
    }

    private record GatedSource(BlockSource source, Path gate) implements BlockSource {
        @Override
        public long size() {
            return source.size();
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            return source.extents(range);
        }

        @Override
        public void read(long position, ByteBuffer target) {
            if (!Files.exists(gate)) {
                awaitGate();
            }
            source.read(position, target);
        }

        private void awaitGate() {
            Path directory = Objects.requireNonNull(gate.getParent(), "the gate's directory");
            try (WatchService changes = directory.getFileSystem().newWatchService()) {
                directory.register(changes, StandardWatchEventKinds.ENTRY_CREATE);
                while (!Files.exists(gate)) {
                    changes.take().reset();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw SnapshotException.cancelled("interrupted at the gate");
            } catch (IOException e) {
                throw SnapshotException.permanent("the gate cannot be watched: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {
            source.close();
        }
    }
}
