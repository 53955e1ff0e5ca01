/** Observing, moving and launching instances. */
@NullMarked
package io.stillframe.libvirt.internal.driver;

import org.jspecify.annotations.NullMarked;
