/** What tests of several modules share. */
@NullMarked
package io.stillframe.testing;

import org.jspecify.annotations.NullMarked;
