package io.stillframe.testing.simulation;

import java.util.AbstractQueue;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** Takes the place of the blocking queues in simulated code. */
public final class SimulatedQueue<T> extends AbstractQueue<T> implements BlockingQueue<T> {
    private final Deque<T> content = new ArrayDeque<>();
    private final int capacity;

    public SimulatedQueue() {
        this(Integer.MAX_VALUE);
    }

    public SimulatedQueue(int capacity) {
        this.capacity = capacity;
    }

    @Override
    public boolean offer(T item) {
        return content.size() < capacity && content.add(item);
    }

    @Override
    public boolean offer(T item, long amount, TimeUnit unit) throws InterruptedException {
        Simulation.current().await(() -> content.size() < capacity, unit.toNanos(amount));
        return offer(item);
    }

    @Override
    public void put(T item) throws InterruptedException {
        Simulation.current().await(() -> content.size() < capacity, Long.MAX_VALUE);
        content.add(item);
    }

    @Override
    public T poll() {
        return content.poll();
    }

    @Override
    public T poll(long amount, TimeUnit unit) throws InterruptedException {
        Simulation.current().await(() -> !content.isEmpty(), unit.toNanos(amount));
        return content.poll();
    }

    @Override
    public T take() throws InterruptedException {
        Simulation.current().await(() -> !content.isEmpty(), Long.MAX_VALUE);
        return content.remove();
    }

    @Override
    public T peek() {
        return content.peek();
    }

    @Override
    public int remainingCapacity() {
        return capacity - content.size();
    }

    @Override
    public int drainTo(Collection<? super T> target) {
        return drainTo(target, Integer.MAX_VALUE);
    }

    @Override
    public int drainTo(Collection<? super T> target, int most) {
        int count = 0;
        for (; count < most && !content.isEmpty(); count++) {
            target.add(content.remove());
        }
        return count;
    }

    @Override
    public Iterator<T> iterator() {
        return content.iterator();
    }

    @Override
    public int size() {
        return content.size();
    }
}
