package io.stillframe.hypervisor;

import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.LaunchSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The state of a simulated launch's plan: as text, the identity, what happens at the end and the agent in the first line, then one
 * disk a line.
 */
record SimulatedLaunchState(
        InstanceId id, LaunchRequest.Start start, AgentBehaviour agent, List<LaunchSpec.Disk> disks) {
    String text() {
        StringBuilder text = new StringBuilder();
        text.append(id).append(' ').append(start).append(' ').append(agent);
        disks.forEach(disk -> text.append('\n')
                .append(disk.device())
                .append(' ')
                .append(disk.role())
                .append(' ')
                .append(disk.size()));
        return text.toString();
    }

    static SimulatedLaunchState parse(String text) {
        try {
            String[] lines = text.split("\n", -1);
            String[] head = fields(lines[0]);
            List<LaunchSpec.Disk> disks = new ArrayList<>();
            for (int i = 1; i < lines.length; i++) {
                String[] disk = fields(lines[i]);
                disks.add(
                        new LaunchSpec.Disk(Names.device(disk[0]), DiskRole.valueOf(disk[1]), Long.parseLong(disk[2])));
            }
            return new SimulatedLaunchState(
                    new InstanceId(head[0]),
                    LaunchRequest.Start.valueOf(head[1]),
                    AgentBehaviour.valueOf(head[2]),
                    List.copyOf(disks));
        } catch (IllegalArgumentException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "this launch plan was not made by a simulated hypervisor", e);
        }
    }

    LaunchSpec.Disk disk(String device) {
        return disks.stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("the launch has no disk " + device + "; it has "
                        + disks.stream().map(LaunchSpec.Disk::device).toList()));
    }

    private static String[] fields(String line) {
        String[] fields = line.split(" ", -1);
        if (fields.length != 3) {
            throw new IllegalArgumentException("expected 3 fields, got " + fields.length);
        }
        return fields;
    }
}
