/** What catalogs share: the limits of their arguments and the places in their listings. */
@NullMarked
package io.stillframe.internal.catalog;

import org.jspecify.annotations.NullMarked;
