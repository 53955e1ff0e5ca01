/**
 * What a plugin implements: hypervisors, disk capture, image codecs, object stores, catalogs. Every interface here has a contract
 * test-kit in this artifact's test-jar ({@code io.stillframe.spi.contract}) that an implementation subclasses and passes.
 *
 * <p>Rules for all of them: a failure is a {@link io.stillframe.model.SnapshotException} of the right kind and nothing else; ranges
 * are {@code long}, half-open and checked for overflow; a capability is declared, never guessed; {@code close} is idempotent.
 */
@NullMarked
package io.stillframe.spi;

import org.jspecify.annotations.NullMarked;
