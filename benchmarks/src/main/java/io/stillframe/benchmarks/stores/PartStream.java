package io.stillframe.benchmarks.stores;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Standard input, whose length is not known, in parts of 8 MiB: one is read while four are on their way, as a service does by default.
 * The buffers are all the memory that it needs.
 */
final class PartStream {
    static final int PART = 8 << 20;

    private static final int AT_ONCE = 4;
    private static final int BUFFERS = AT_ONCE + 2;

    private PartStream() {}

    /** Sends one part. */
    @FunctionalInterface
    interface Sender<T> {
        T send(int number, ByteBuffer bytes);
    }

    /** What the parts became, in order. */
    static <T> List<T> send(Sender<T> sender, boolean direct) throws IOException, InterruptedException {
        BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(BUFFERS);
        for (int i = 0; i < BUFFERS; i++) {
            free.add(direct ? ByteBuffer.allocateDirect(PART) : ByteBuffer.allocate(PART));
        }
        ExecutorService senders = Executors.newFixedThreadPool(AT_ONCE);
        List<Future<T>> sent = new ArrayList<>();
        try (FileInputStream stream = new FileInputStream(FileDescriptor.in)) {
            FileChannel in = stream.getChannel();
            boolean more = true;
            while (more) {
                ByteBuffer part = free.take().clear();
                more = fill(part, in);
                if (part.flip().hasRemaining()) {
                    int number = sent.size() + 1;
                    sent.add(senders.submit(() -> {
                        T receipt = sender.send(number, part);
                        free.add(part);
                        return receipt;
                    }));
                }
            }
            List<T> receipts = new ArrayList<>();
            for (Future<T> one : sent) {
                receipts.add(one.get());
            }
            return receipts;
        } catch (ExecutionException e) {
            throw new IOException("a part cannot be sent", e);
        } finally {
            senders.shutdownNow();
        }
    }

    private static boolean fill(ByteBuffer part, FileChannel in) throws IOException {
        while (part.hasRemaining()) {
            if (in.read(part) < 0) {
                return false;
            }
        }
        return true;
    }
}
