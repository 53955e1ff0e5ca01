/** Stillframe on storage.swift. */
module io.stillframe.storage.swift {
    requires io.stillframe;
    requires org.slf4j;
    requires static org.jspecify;
}
