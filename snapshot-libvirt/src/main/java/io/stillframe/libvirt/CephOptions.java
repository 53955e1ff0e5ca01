package io.stillframe.libvirt;

import io.stillframe.model.SnapshotException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How volumes of Ceph's block device are used. What a disk's definition says of its cluster wins; this is for what it leaves out, and for
 * volumes of new instances. Holds no secret. Immutable, validated when built.
 *
 * @param configuration absolute path of the configuration file; where librados looks by itself if empty
 * @param monitors addresses of monitors for volumes of new instances, each {@code HOST} or {@code HOST:PORT}; those of the configuration
 *     if empty
 * @param user the cephx user, without {@code client.}; librados' own default if empty
 * @param secret UUID of libvirt's secret with the user's key, for volumes of new instances; the user's keyring if empty
 * @param pool {@code POOL} or {@code POOL/NAMESPACE} that takes the disks of launched instances; if empty, they go where their originals
 *     are
 * @param deadline how long a cluster may take to answer one operation; 1 s to 10 min
 */
public record CephOptions(
        Optional<Path> configuration,
        List<String> monitors,
        Optional<String> user,
        Optional<String> secret,
        Optional<String> pool,
        Duration deadline) {
    public CephOptions {
        monitors = List.copyOf(monitors);
        if (configuration.isPresent() && !configuration.get().isAbsolute()) {
            throw SnapshotException.invalid(
                    "the configuration file of Ceph must be an absolute path, got '" + configuration.get() + "'");
        }
        if (secret.isPresent() && user.isEmpty()) {
            throw SnapshotException.invalid("a secret needs the user that it is of; say which");
        }
        if (deadline.compareTo(Duration.ofSeconds(1)) < 0 || deadline.compareTo(Duration.ofMinutes(10)) > 0) {
            throw SnapshotException.invalid("the deadline " + deadline + " of Ceph must be 1 s to 10 min");
        }
    }

    /** All as configured on this host, volumes of new instances beside their originals', 30 s for an answer. */
    public static CephOptions ofDefaults() {
        return new CephOptions(
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(30));
    }

    public CephOptions withConfiguration(Path value) {
        return new CephOptions(Optional.of(value), monitors, user, secret, pool, deadline);
    }

    public CephOptions withMonitors(List<String> value) {
        return new CephOptions(configuration, value, user, secret, pool, deadline);
    }

    public CephOptions withUser(String value) {
        return new CephOptions(configuration, monitors, Optional.of(value), secret, pool, deadline);
    }

    /** @param uuid the secret's identity in libvirt; the user must be said before */
    public CephOptions withSecret(String uuid) {
        return new CephOptions(configuration, monitors, user, Optional.of(uuid), pool, deadline);
    }

    public CephOptions withPool(String value) {
        return new CephOptions(configuration, monitors, user, secret, Optional.of(value), deadline);
    }

    public CephOptions withDeadline(Duration value) {
        return new CephOptions(configuration, monitors, user, secret, pool, value);
    }
}
