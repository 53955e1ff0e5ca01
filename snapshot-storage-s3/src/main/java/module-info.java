/** Stillframe's object store on Amazon S3 and servers that speak its protocol. */
module io.stillframe.storage.s3 {
    requires transitive io.stillframe;
    requires static org.jspecify;
    requires io.netty.common;
    requires io.netty.transport;
    requires org.reactivestreams;
    requires software.amazon.awssdk.auth;
    requires software.amazon.awssdk.awscore;
    requires software.amazon.awssdk.core;
    requires software.amazon.awssdk.http;
    requires software.amazon.awssdk.http.auth.aws;
    requires software.amazon.awssdk.http.auth.spi;
    requires software.amazon.awssdk.http.nio.netty;
    requires software.amazon.awssdk.identity.spi;
    requires software.amazon.awssdk.profiles;
    requires software.amazon.awssdk.regions;
    requires software.amazon.awssdk.retries.api;
    requires software.amazon.awssdk.services.s3;
    requires software.amazon.awssdk.utils;

    exports io.stillframe.storage.s3;

    provides io.stillframe.spi.ObjectStoreProvider with
            io.stillframe.storage.s3.S3ObjectStoreProvider;
}
