/**
 * The catalog in a database: {@link io.stillframe.catalog.jdbc.JdbcCatalog} keeps records, journals and leases in PostgreSQL, for a fleet
 * of nodes, or in an H2 file, for one process.
 */
@NullMarked
package io.stillframe.catalog.jdbc;

import org.jspecify.annotations.NullMarked;
