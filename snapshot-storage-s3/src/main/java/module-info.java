/** Stillframe on storage.s3. */
module io.stillframe.storage.s3 {
    requires io.stillframe;
    requires org.slf4j;
    requires static org.jspecify;
}
