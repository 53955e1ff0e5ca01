/** Direct memory with an owner. */
@NullMarked
package io.stillframe.internal.memory;

import org.jspecify.annotations.NullMarked;
