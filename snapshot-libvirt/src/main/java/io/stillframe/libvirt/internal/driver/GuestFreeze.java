package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.internal.connection.DomainHandle;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtCalls;
import io.stillframe.libvirt.internal.connection.LibvirtFailure;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.FreezeOutcome;
import java.time.Duration;
import java.util.Optional;
import org.libvirt.Error.ErrorNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Freezing and thawing through the guest's agent. Without a limit libvirt waits for the agent's answer for ever and lets no other
 * agent command through meanwhile, so every command gets one; the domain's limit is then put back to libvirt's initial one (none), as
 * libvirt does not tell what it was.
 */
final class GuestFreeze {
    private static final Logger LOG = LoggerFactory.getLogger(GuestFreeze.class);
    private static final Duration THAW_DEADLINE = Duration.ofSeconds(10);

    private final LibvirtSession session;

    GuestFreeze(LibvirtSession session) {
        this.session = session;
    }

    FreezeOutcome freeze(InstanceId id, Duration deadline) {
        return session.onDomain(id, "freeze the file systems of " + id, Effect.CHANGE, domain -> {
            Optional<String> obstacle = obstacle(domain);
            return obstacle.isPresent() ? new FreezeOutcome.Unavailable(obstacle.get()) : freeze(domain, deadline);
        });
    }

    /** Thaws; an instance that is off or has no channel for the agent has nothing frozen. */
    void thaw(InstanceId id) {
        session.change(id, "thaw the file systems of " + id, domain -> {
            if (domain.isActive() && agentState(domain).isPresent()) {
                thaw(domain);
            }
        });
    }

    private static Optional<String> obstacle(DomainHandle domain) throws LibvirtFailure {
        if (!domain.isActive()) {
            return Optional.of("the instance is off");
        }
        Optional<String> agent = agentState(domain);
        if (agent.isEmpty()) {
            return Optional.of("the instance has no channel for the guest agent");
        }
        return agent.filter("connected"::equals).isPresent()
                ? Optional.empty()
                : Optional.of("no agent answers in the guest");
    }

    private static Optional<String> agentState(DomainHandle domain) throws LibvirtFailure {
        return DomainDefinition.parse(domain.xml(0)).agentState();
    }

    private static FreezeOutcome freeze(DomainHandle domain, Duration deadline) throws LibvirtFailure {
        limit(domain, deadline);
        try {
            return new FreezeOutcome.Frozen(domain.freezeFileSystems());
        } catch (LibvirtFailure failure) {
            return notFrozen(domain, failure);
        } finally {
            unlimit(domain);
        }
    }

    /** Whatever went wrong, part of the file systems may be frozen, or freeze late: only a thaw that was answered makes it certain. */
    private static FreezeOutcome notFrozen(DomainHandle domain, LibvirtFailure failure) throws LibvirtFailure {
        String reason = String.valueOf(failure.getMessage());
        if (neverReachedTheGuest(failure) || domain.endedUnder(failure)) {
            return new FreezeOutcome.Unavailable(reason);
        }
        try {
            thaw(domain);
            return new FreezeOutcome.Unavailable(reason);
        } catch (LibvirtFailure unanswered) {
            failure.addSuppressed(unanswered);
            throw new SnapshotException(
                    SnapshotException.Kind.OUTCOME_UNKNOWN,
                    "the guest's agent did not answer the freeze (" + reason + ") nor the thaw after it; thaw is owed",
                    failure);
        }
    }

    /**
     * libvirt greets the agent before each command and gives up when the greeting is not answered; the command itself running out of
     * time has a code of its own, which libvirt-java does not know.
     */
    private static boolean neverReachedTheGuest(LibvirtFailure failure) {
        return failure.is(
                ErrorNumber.VIR_ERR_AGENT_UNRESPONSIVE,
                ErrorNumber.VIR_ERR_ARGUMENT_UNSUPPORTED,
                ErrorNumber.VIR_ERR_OPERATION_UNSUPPORTED,
                ErrorNumber.VIR_ERR_OPERATION_INVALID);
    }

    private static void thaw(DomainHandle domain) throws LibvirtFailure {
        limit(domain, THAW_DEADLINE);
        try {
            domain.thawFileSystems();
        } finally {
            unlimit(domain);
        }
    }

    private static void limit(DomainHandle domain, Duration deadline) throws LibvirtFailure {
        domain.limitAgent((int) Math.max(1, Math.min(deadline.toSeconds(), Integer.MAX_VALUE)));
    }

    private static void unlimit(DomainHandle domain) {
        try {
            domain.limitAgent(LibvirtCalls.AGENT_TIMEOUT_NONE);
        } catch (LibvirtFailure e) {
            LOG.debug("the agent's limit could not be put back", e);
        }
    }
}
