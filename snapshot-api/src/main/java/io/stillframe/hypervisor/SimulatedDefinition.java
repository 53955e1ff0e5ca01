package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import java.util.Optional;

/**
 * A simulated instance's definition as text: a first line with its version, then one property a line.
 *
 * @param agent what an instance launched from it gets
 * @param uncopyable what makes launches from it impossible, if anything
 */
record SimulatedDefinition(AgentBehaviour agent, Optional<String> uncopyable) {
    private static final String MAGIC = "simulated-instance 1";
    private static final String AGENT = "agent ";
    private static final String UNCOPYABLE = "uncopyable ";

    String text() {
        return MAGIC + "\n" + AGENT + agent + "\n"
                + uncopyable.map(what -> UNCOPYABLE + what + "\n").orElse("");
    }

    static SimulatedDefinition parse(String text) {
        String[] lines = text.split("\n", -1);
        if (!lines[0].equals(MAGIC)) {
            throw SnapshotException.unsupported(
                    "the definition is of another kind of hypervisor; a simulated instance's starts with '" + MAGIC
                            + "'");
        }
        AgentBehaviour agent = AgentBehaviour.ABSENT;
        Optional<String> uncopyable = Optional.empty();
        for (String line : lines) {
            if (line.startsWith(AGENT)) {
                agent = agent(line.substring(AGENT.length()));
            } else if (line.startsWith(UNCOPYABLE)) {
                uncopyable = Optional.of(line.substring(UNCOPYABLE.length()));
            }
        }
        return new SimulatedDefinition(agent, uncopyable);
    }

    private static AgentBehaviour agent(String name) {
        try {
            return AgentBehaviour.valueOf(name);
        } catch (IllegalArgumentException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "a simulated instance's definition names no known agent", e);
        }
    }
}
