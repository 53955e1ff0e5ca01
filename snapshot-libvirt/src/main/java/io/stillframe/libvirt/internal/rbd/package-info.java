/** Volumes of Ceph's block device: librados and librbd bound directly, with deadlines, and what their failures mean. */
@NullMarked
package io.stillframe.libvirt.internal.rbd;

import org.jspecify.annotations.NullMarked;
