/** Contract test-kits: one abstract class for each SPI, subclassed by every implementation. */
@NullMarked
package io.stillframe.spi.contract;

import org.jspecify.annotations.NullMarked;
