package io.stillframe.spi;

/**
 * What a launch is going to create, decided before anything is created, so that it can be journaled and undone by any process.
 *
 * @param name the new instance's name
 * @param state the driver's own serialised plan, opaque to others, at most 256 KiB, without secrets
 */
public record LaunchPlan(String name, String state) {}
