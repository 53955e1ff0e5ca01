/** Tests of the examples of embedding. */
@NullMarked
package io.stillframe.examples;

import org.jspecify.annotations.NullMarked;
