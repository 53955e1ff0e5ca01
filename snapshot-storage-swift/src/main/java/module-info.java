/** Stillframe's object store on OpenStack Swift. */
module io.stillframe.storage.swift {
    requires transitive io.stillframe;
    requires static org.jspecify;
    requires com.fasterxml.jackson.core;
    requires java.net.http;
    requires org.slf4j;

    exports io.stillframe.storage.swift;

    provides io.stillframe.spi.ObjectStoreProvider with
            io.stillframe.storage.swift.SwiftObjectStoreProvider;
}
