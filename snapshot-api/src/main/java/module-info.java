/** Stillframe's API, plugin SPI, engine, streaming image core and embedded defaults. */
module io.stillframe {
    requires org.slf4j;
    requires static org.jspecify;
    requires com.github.luben.zstd_jni;
    requires com.fasterxml.jackson.core;
    requires org.apache.commons.compress;

    exports io.stillframe.catalog;
    exports io.stillframe.model;
    exports io.stillframe.spi;
    exports io.stillframe.store;

    uses io.stillframe.spi.HypervisorProvider;
    uses io.stillframe.spi.ObjectStoreProvider;
    uses io.stillframe.spi.CatalogProvider;
    uses io.stillframe.spi.ImageCodec;

    provides io.stillframe.spi.CatalogProvider with
            io.stillframe.catalog.DirectoryCatalogProvider;
    provides io.stillframe.spi.ObjectStoreProvider with
            io.stillframe.store.FileObjectStoreProvider;
}
