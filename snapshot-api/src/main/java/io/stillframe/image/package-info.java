/**
 * The streaming image core: a disk's sparse content is read, zero-tested, digested and encoded in parallel and written in disk order,
 * with bounded memory. {@link io.stillframe.image.Images} is the front door for image files, {@link io.stillframe.image.ImageStream}
 * and {@link io.stillframe.image.DiskCopy} are the core that the service itself runs on.
 */
@NullMarked
package io.stillframe.image;

import org.jspecify.annotations.NullMarked;
