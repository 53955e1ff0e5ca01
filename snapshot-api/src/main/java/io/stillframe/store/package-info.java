/**
 * The embedded object stores: {@link io.stillframe.store.FileObjectStore} keeps objects as files of a directory,
 * {@link io.stillframe.store.MemoryObjectStore} in memory, and {@link io.stillframe.store.FaultInjectingStore} makes any store fail on
 * demand. Around any store: {@link io.stillframe.store.RetryingStore}, {@link io.stillframe.store.LimitedStore} and
 * {@link io.stillframe.store.ReadAheadStore}, which a service puts around those that it reaches over a network.
 */
@NullMarked
package io.stillframe.store;

import org.jspecify.annotations.NullMarked;
