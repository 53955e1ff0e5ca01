/** The engine: the life of a snapshot from request to removal. Not exported. */
@NullMarked
package io.stillframe.internal.engine;

import org.jspecify.annotations.NullMarked;
