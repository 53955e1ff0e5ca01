/** What a domain's XML and its image files' headers declare; nothing here talks to libvirt. */
@NullMarked
package io.stillframe.libvirt.internal.domain;

import org.jspecify.annotations.NullMarked;
