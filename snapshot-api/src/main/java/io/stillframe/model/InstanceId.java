package io.stillframe.model;

/**
 * An instance's lasting identity on its hypervisor (libvirt: the domain's UUID). Names may be reused; identities are not.
 *
 * @param value 1 to 255 printable ASCII characters without space
 */
public record InstanceId(String value) {
    public InstanceId {
        if (value.isEmpty() || value.length() > 255 || !value.chars().allMatch(c -> c > 32 && c < 127)) {
            throw SnapshotException.invalid(
                    "an instance id needs 1 to 255 printable ASCII characters without space, got " + value.length());
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
