/**
 * The words of the product: identifiers, requests, the snapshot's record and the one exception. Depends on nothing; every other
 * package speaks in these types. All types are immutable and safe for use by any thread.
 */
@NullMarked
package io.stillframe.model;

import org.jspecify.annotations.NullMarked;
