package io.stillframe.testing.simulation;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Takes the place of {@link ConcurrentHashMap} in simulated code: its order is that of insertion, where the other's is that of
 * identities, which no seed decides. Iterates over a copy.
 */
public final class SimulatedMap<K, V> extends AbstractMap<K, V> implements ConcurrentMap<K, V> {
    private final Map<K, V> content = new LinkedHashMap<>();

    public SimulatedMap() {}

    /** For sets of names, whose order their content decides. */
    public static <T> ConcurrentHashMap.KeySetView<T, Boolean> newKeySet() {
        return ConcurrentHashMap.newKeySet();
    }

    @Override
    public Set<Entry<K, V>> entrySet() {
        return new Entries();
    }

    /** Removes from the map, as the views of the other one do. */
    private final class Entries extends AbstractSet<Entry<K, V>> {
        @Override
        public Iterator<Entry<K, V>> iterator() {
            List<Entry<K, V>> copy = new ArrayList<>();
            content.forEach((key, value) -> copy.add(new SimpleImmutableEntry<>(key, value)));
            return new Iterator<>() {
                private int next;

                @Override
                public boolean hasNext() {
                    return next < copy.size();
                }

                @Override
                public Entry<K, V> next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException("all " + copy.size() + " entries were seen");
                    }
                    return copy.get(next++);
                }

                @Override
                public void remove() {
                    content.remove(copy.get(next - 1).getKey());
                }
            };
        }

        @Override
        public int size() {
            return content.size();
        }
    }

    @Override
    public int size() {
        return content.size();
    }

    @Override
    public void clear() {
        content.clear();
    }

    @Override
    public V get(Object key) {
        return content.get(key);
    }

    @Override
    public boolean containsKey(Object key) {
        return content.containsKey(key);
    }

    @Override
    public V put(K key, V value) {
        return content.put(key, Objects.requireNonNull(value));
    }

    @Override
    public V remove(Object key) {
        return content.remove(key);
    }

    @Override
    public V putIfAbsent(K key, V value) {
        return content.putIfAbsent(key, value);
    }

    @Override
    public boolean remove(Object key, Object value) {
        return content.remove(key, value);
    }

    @Override
    public boolean replace(K key, V before, V after) {
        return content.replace(key, before, after);
    }

    @Override
    public V replace(K key, V value) {
        return content.replace(key, value);
    }
}
