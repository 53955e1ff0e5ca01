/** Snapshots of a real guest in several real regions. */
@NullMarked
package io.stillframe.examples.regions;

import org.jspecify.annotations.NullMarked;
