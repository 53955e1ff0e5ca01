/** Files that last: durable writes, locks between processes, names that every file system takes. */
@NullMarked
package io.stillframe.internal.file;

import org.jspecify.annotations.NullMarked;
