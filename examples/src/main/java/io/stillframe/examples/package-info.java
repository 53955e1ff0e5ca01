/** Examples of embedding Stillframe: start with {@link io.stillframe.examples.TenLines}. */
@NullMarked
package io.stillframe.examples;

import org.jspecify.annotations.NullMarked;
