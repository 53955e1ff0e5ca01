package io.stillframe.libvirt.internal.rbd;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How this host uses its Ceph clusters.
 *
 * @param configuration the configuration file; where librados looks by itself if empty
 * @param user the cephx user for volumes whose definition names none; librados' own default if empty
 * @param deadline how long the cluster may take to answer one operation
 */
public record CephSettings(Optional<Path> configuration, Optional<String> user, Duration deadline) {}
