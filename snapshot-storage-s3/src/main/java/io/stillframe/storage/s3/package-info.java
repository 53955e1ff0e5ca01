/**
 * Object stores on Amazon S3 and servers that speak its protocol (Ceph radosgw, MinIO, …), built on the AWS SDK for Java 2.
 *
 * <p>{@link io.stillframe.storage.s3.S3ObjectStore} is the store, {@link io.stillframe.storage.s3.S3ObjectStoreBuilder} its options;
 * URIs of the form {@code s3://bucket/prefix?endpoint=…} are described at
 * {@link io.stillframe.storage.s3.S3ObjectStoreProvider}.
 */
@NullMarked
package io.stillframe.storage.s3;

import org.jspecify.annotations.NullMarked;
