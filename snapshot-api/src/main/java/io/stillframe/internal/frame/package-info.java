/** Disks stored as independent compressed frames, whatever the format: where they lie, and reading them in place or front to back. */
@NullMarked
package io.stillframe.internal.frame;

import org.jspecify.annotations.NullMarked;
