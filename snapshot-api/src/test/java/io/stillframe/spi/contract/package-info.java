/**
 * Contract test-kits: an implementation of a plugin interface subclasses the kit of that interface and passes every test. Shipped as
 * this artifact's test-jar.
 */
package io.stillframe.spi.contract;
