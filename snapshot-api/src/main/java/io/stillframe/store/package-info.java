/**
 * The embedded object stores: {@link io.stillframe.store.FileObjectStore} keeps objects as files of a directory,
 * {@link io.stillframe.store.MemoryObjectStore} in memory, and {@link io.stillframe.store.FaultInjectingStore} makes any store fail on
 * demand.
 */
@NullMarked
package io.stillframe.store;

import org.jspecify.annotations.NullMarked;
