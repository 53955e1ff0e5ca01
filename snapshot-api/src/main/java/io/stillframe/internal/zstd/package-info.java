/** What the formats made of Zstandard frames share. */
@NullMarked
package io.stillframe.internal.zstd;

import org.jspecify.annotations.NullMarked;
