/** JSON as the product's own files use it: written and read whole, bounded, without reflection. */
@NullMarked
package io.stillframe.internal.json;

import org.jspecify.annotations.NullMarked;
