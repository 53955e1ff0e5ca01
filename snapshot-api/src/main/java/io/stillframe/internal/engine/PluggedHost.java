package io.stillframe.internal.engine;

import io.stillframe.spi.Hypervisor;
import java.util.Optional;

/**
 * A hypervisor and the name that its host is known by.
 *
 * @param name the hypervisor's URI if empty
 * @param hypervisor its plugin
 */
public record PluggedHost(Optional<String> name, Plugged<Hypervisor> hypervisor) {}
