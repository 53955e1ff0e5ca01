/** The one way to libvirt: connection, event loop, native calls and what their failures mean. */
@NullMarked
package io.stillframe.libvirt.internal.connection;

import org.jspecify.annotations.NullMarked;
