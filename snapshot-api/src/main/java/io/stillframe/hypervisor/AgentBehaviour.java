package io.stillframe.hypervisor;

/** What a simulated guest's agent does when it is asked to freeze the file systems. */
public enum AgentBehaviour {
    /** Freezes them and says so. */
    ANSWERS,
    /** There is no agent; nothing is frozen, and that is certain. */
    ABSENT,
    /** Does not answer in time; the driver makes sure that nothing is frozen and reports it as unavailable. */
    TIMES_OUT,
    /** Freezes them and then answers neither that nor whether it thawed: OUTCOME_UNKNOWN, a thaw is owed. */
    HANGS
}
