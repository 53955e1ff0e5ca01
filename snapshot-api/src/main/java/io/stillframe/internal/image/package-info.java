/** What image formats share that map a disk in blocks of one size: cached tables, and blocks laid out in one pass. Not exported. */
@NullMarked
package io.stillframe.internal.image;

import org.jspecify.annotations.NullMarked;
