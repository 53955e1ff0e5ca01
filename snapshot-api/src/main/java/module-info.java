/** Stillframe's API, plugin SPI, engine, streaming image core and embedded defaults. */
module io.stillframe {
    requires org.slf4j;
    requires static org.jspecify;
    requires com.github.luben.zstd_jni;
    requires com.fasterxml.jackson.core;
    requires org.apache.commons.compress;
    requires transitive java.sql; // the JDBC catalog's DataSource
    requires jdk.unsupported; // frees direct buffers on demand

    exports io.stillframe;
    exports io.stillframe.catalog;
    exports io.stillframe.catalog.jdbc;
    exports io.stillframe.hypervisor;
    exports io.stillframe.image;
    exports io.stillframe.image.qcow2;
    exports io.stillframe.image.zstd;
    exports io.stillframe.model;
    exports io.stillframe.spi;
    exports io.stillframe.store;

    uses io.stillframe.spi.HypervisorProvider;
    uses io.stillframe.spi.ObjectStoreProvider;
    uses io.stillframe.spi.CatalogProvider;
    uses io.stillframe.spi.ImageCodec;
    uses io.stillframe.spi.SparseFileProbe;

    provides io.stillframe.spi.CatalogProvider with
            io.stillframe.catalog.DirectoryCatalogProvider,
            io.stillframe.catalog.jdbc.JdbcCatalogProvider;
    provides io.stillframe.spi.HypervisorProvider with
            io.stillframe.hypervisor.ImageDirectoryProvider;
    provides io.stillframe.spi.ImageCodec with
            io.stillframe.image.RawCodec,
            io.stillframe.image.qcow2.Qcow2Codec,
            io.stillframe.image.zstd.ZstdCodec;
    provides io.stillframe.spi.ObjectStoreProvider with
            io.stillframe.store.FileObjectStoreProvider;
}
