/** What the engine does, as events of the JDK's flight recorder. */
@NullMarked
package io.stillframe.internal.events;

import org.jspecify.annotations.NullMarked;
