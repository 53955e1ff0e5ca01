/** Stillframe's API, plugin SPI, engine, streaming image core and embedded defaults. */
module io.stillframe {
    requires org.slf4j;
    requires static org.jspecify;
    requires com.github.luben.zstd_jni;
    requires com.fasterxml.jackson.core;
    requires org.apache.commons.compress;
    requires jdk.unsupported; // frees direct buffers on demand

    exports io.stillframe.image;
    exports io.stillframe.image.qcow2;
    exports io.stillframe.model;
    exports io.stillframe.spi;

    uses io.stillframe.spi.HypervisorProvider;
    uses io.stillframe.spi.ObjectStoreProvider;
    uses io.stillframe.spi.CatalogProvider;
    uses io.stillframe.spi.ImageCodec;
    uses io.stillframe.spi.SparseFileProbe;

    provides io.stillframe.spi.ImageCodec with
            io.stillframe.image.RawCodec,
            io.stillframe.image.qcow2.Qcow2Codec,
            io.stillframe.image.zstd.ZstdCodec;
}
