/** Stillframe's API, plugin SPI, engine, streaming image core and embedded defaults. */
module io.stillframe {
    requires org.slf4j;
    requires static org.jspecify;
    requires com.github.luben.zstd_jni;
    requires com.fasterxml.jackson.core;
    requires org.apache.commons.compress;
    requires org.lz4.java;
    requires org.tukaani.xz;
    requires java.xml;
    requires transitive java.sql; // the JDBC catalog's DataSource
    requires static jdk.jfr; // events, where the runtime has it
    requires jdk.unsupported; // frees direct buffers on demand

    exports io.stillframe;
    exports io.stillframe.catalog;
    exports io.stillframe.catalog.jdbc;
    exports io.stillframe.hypervisor;
    exports io.stillframe.image;
    exports io.stillframe.image.ova;
    exports io.stillframe.image.pack;
    exports io.stillframe.image.qcow2;
    exports io.stillframe.image.stream;
    exports io.stillframe.image.vmdk;
    exports io.stillframe.image.vhd;
    exports io.stillframe.image.vhdx;
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
            io.stillframe.image.pack.PackCodec,
            io.stillframe.image.qcow2.Qcow2Codec,
            io.stillframe.image.stream.GzipCodec,
            io.stillframe.image.stream.Lz4Codec,
            io.stillframe.image.stream.XzCodec,
            io.stillframe.image.vmdk.VmdkCodec,
            io.stillframe.image.vhd.VhdCodec,
            io.stillframe.image.vhd.FixedVhdCodec,
            io.stillframe.image.vhdx.VhdxCodec,
            io.stillframe.image.zstd.ZstdCodec;
    provides io.stillframe.spi.ObjectStoreProvider with
            io.stillframe.store.FileObjectStoreProvider;
}
