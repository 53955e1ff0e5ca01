/**
 * The embedded catalogs: {@link io.stillframe.catalog.DirectoryCatalog} keeps records, journals and leases as files of a directory that
 * several processes share; {@link io.stillframe.catalog.MemoryCatalog} keeps them in memory.
 */
@NullMarked
package io.stillframe.catalog;

import org.jspecify.annotations.NullMarked;
