/** What the module does behind its public types. */
@NullMarked
package io.stillframe.libvirt.internal;

import org.jspecify.annotations.NullMarked;
