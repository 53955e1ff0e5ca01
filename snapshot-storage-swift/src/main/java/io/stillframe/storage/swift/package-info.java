/**
 * Object store on OpenStack Swift, with Keystone v3 or TempAuth.
 *
 * <p>{@link io.stillframe.storage.swift.SwiftObjectStore#builder} opens one with options; {@code swift://container/prefix} opens one by URI
 * and the usual {@code OS_*} or {@code ST_*} variables.
 */
@NullMarked
package io.stillframe.storage.swift;

import org.jspecify.annotations.NullMarked;
