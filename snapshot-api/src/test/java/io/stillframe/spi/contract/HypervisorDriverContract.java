package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BootId;
import io.stillframe.spi.FreezeOutcome;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver.Feature;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import io.stillframe.spi.Subscription;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * What every {@link io.stillframe.spi.HypervisorDriver} keeps about observing and moving instances; {@link LaunchContract} holds the
 * rest. Subclass it, give it a {@link HypervisorLab}, and pass.
 */
public abstract class HypervisorDriverContract extends HypervisorContract {
    private static final InstanceId NOBODY = new InstanceId("00000000-0000-4000-8000-000000000000");

    @Test
    void observesTheSameInstanceByNameAndByIdentity() {
        String name = newInstance();

        InstanceState byName = observe(name);
        InstanceState byId = observe(byName.id().value());

        assertThat(byName.name()).isEqualTo(name);
        assertThat(byId).isEqualTo(byName);
    }

    @Test
    void anUnknownInstanceIsNotFoundAndTheClosestNameIsNamed() {
        String name = newInstance();

        assertFails(Kind.NOT_FOUND, name, () -> observe(name + "x"));
        assertFails(Kind.NOT_FOUND, () -> observe(NOBODY.value()));
    }

    @Test
    void anInstanceThatIsOffHasNoBootAndACause() {
        String name = newInstance();

        InstanceState state = observe(name);

        assertThat(state.power()).isEqualTo(PowerState.OFF);
        assertThat(state.boot()).isEmpty();
        assertThat(state.stopCause()).isPresent();
        assertThat(state.persistence()).isEqualTo(InstanceState.Persistence.PERSISTENT);
    }

    @Test
    void declaresTheDisksWithTheirLayers() {
        String name = newInstance();

        List<InstanceDisk> disks = observe(name).disks();

        assertThat(disks).extracting(InstanceDisk::role).containsExactlyInAnyOrder(DiskRole.ROOT, DiskRole.DATA);
        assertThat(disks).extracting(InstanceDisk::device).doesNotHaveDuplicates();
        assertThat(disks).allSatisfy(disk -> {
            assertThat(disk.virtualSize()).isPositive();
            assertThat(disk.chain()).isNotEmpty().allSatisfy(layer -> {
                assertThat(layer.location()).isNotBlank();
                assertThat(layer.format()).isNotBlank();
            });
        });
    }

    @Test
    void theUriOpensTheSameHypervisorAndClosingIsIdempotent() {
        String name = newInstance();
        Hypervisor other = lab().connect();

        assertThat(other.uri()).isEqualTo(hypervisor().uri());
        assertThat(other.driver().observe(name)).isEqualTo(observe(name));
        other.close();
        other.close();

        assertThat(observe(name).name()).isEqualTo(name);
    }

    @Test
    void withoutPowerItsCallsAreUnsupported() {
        assumeNoFeature(Feature.POWER);
        InstanceId id = id(newInstance());

        assertFails(Kind.UNSUPPORTED, () -> driver().requestShutdown(id));
        assertFails(Kind.UNSUPPORTED, () -> driver().forceOff(id));
        assertFails(Kind.UNSUPPORTED, () -> driver().powerOn(id));
    }

    @Test
    void withoutFreezeItsCallsAreUnsupported() {
        assumeNoFeature(Feature.FREEZE);
        InstanceId id = id(newInstance());

        assertFails(Kind.UNSUPPORTED, () -> driver().freeze(id, lab().patience()));
        assertFails(Kind.UNSUPPORTED, () -> driver().thaw(id));
    }

    @Test
    void withoutEventsWatchingIsUnsupported() {
        assumeNoFeature(Feature.EVENTS);
        InstanceId id = id(newInstance());

        assertFails(Kind.UNSUPPORTED, () -> driver().watch(id, () -> {}).close());
    }

    @Test
    void unknownInstancesCannotBeMoved() {
        assumeFeature(Feature.POWER);

        assertFails(Kind.NOT_FOUND, () -> driver().requestShutdown(NOBODY));
        assertFails(Kind.NOT_FOUND, () -> driver().forceOff(NOBODY));
        assertFails(Kind.NOT_FOUND, () -> driver().powerOn(NOBODY));
    }

    @Test
    void powerOnTwiceIsOneBoot() {
        assumeFeature(Feature.POWER);
        String name = newInstance();
        InstanceId id = id(name);

        driver().powerOn(id);
        InstanceState first = observe(name);
        driver().powerOn(id);
        InstanceState second = observe(name);

        assertThat(first.power()).isEqualTo(PowerState.RUNNING);
        assertThat(first.stopCause()).isEmpty();
        assertThat(second.boot()).isEqualTo(first.boot());
    }

    @Test
    void everyConnectionSeesTheSameBoot() {
        assumeFeature(Feature.POWER);
        String name = newInstance();
        driver().powerOn(id(name));

        try (Hypervisor other = lab().connect()) {
            assertThat(other.driver().observe(name).boot())
                    .isEqualTo(observe(name).boot());
        }
    }

    @Test
    void forceOffTwiceIsOffAndForced() {
        assumeFeature(Feature.POWER);
        String name = newInstance();
        InstanceId id = id(name);
        driver().powerOn(id);

        driver().forceOff(id);
        InstanceState first = observe(name);
        driver().forceOff(id);

        assertThat(first.power()).isEqualTo(PowerState.OFF);
        assertThat(first.stopCause()).contains(StopCause.FORCED);
        assertThat(observe(name)).isEqualTo(first);
    }

    @Test
    void everyPowerOnIsAnotherBoot() {
        assumeFeature(Feature.POWER);
        String name = newInstance();
        InstanceId id = id(name);
        driver().powerOn(id);
        BootId first = observe(name).boot().orElseThrow();
        driver().forceOff(id);

        driver().powerOn(id);

        assertThat(observe(name).boot()).isPresent().isNotEqualTo(Optional.of(first));
    }

    @Test
    void movingAnInstanceLeavesItsDefinitionAlone() {
        assumeFeature(Feature.POWER);
        String name = newInstance();
        InstanceState before = observe(name);

        driver().powerOn(before.id());
        driver().forceOff(before.id());

        assertThat(observe(name).disks()).isEqualTo(before.disks());
        assertThat(observe(name).id()).isEqualTo(before.id());
    }

    @Test
    void aShutdownEventToAnInstanceThatIsOffIsSuccess() {
        assumeFeature(Feature.POWER);
        String name = newInstance();
        InstanceState before = observe(name);

        driver().requestShutdown(before.id());

        assertThat(observe(name)).isEqualTo(before);
    }

    @Test
    void aGuestThatObeysStopsItself() {
        assumeFeature(Feature.POWER);
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeAbility(HypervisorLab.Ability.OBEDIENT_GUEST);
        String name = bootedInstance();
        InstanceId id = id(name);

        await().untilAsserted(() -> {
            driver().requestShutdown(id);
            assertThat(observe(name).isOff()).isTrue();
        });

        assertThat(observe(name).stopCause()).contains(StopCause.GUEST);
    }

    @Test
    void aDeafGuestRunsOnUntilItIsForcedOff() {
        assumeFeature(Feature.POWER);
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeAbility(HypervisorLab.Ability.DEAF_GUEST);
        String name = bootedInstance(HypervisorLab.GuestKind.DEAF);
        InstanceState before = observe(name);

        driver().requestShutdown(before.id());
        driver().requestShutdown(before.id());
        lab().writeInGuest(name);

        assertThat(observe(name)).isEqualTo(before);
        driver().forceOff(before.id());
        assertThat(observe(name).stopCause()).contains(StopCause.FORCED);
    }

    @Test
    void aRebootFromInsideIsAnotherBoot() {
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeAbility(HypervisorLab.Ability.GUEST_REBOOT);
        String name = bootedInstance();
        Optional<BootId> before = observe(name).boot();

        lab().rebootFromInside(name);

        await().until(() -> observe(name).boot(), boot -> boot.isPresent() && !boot.equals(before));
        assertThat(observe(name).power()).isEqualTo(PowerState.RUNNING);
    }

    @Test
    void aCrashIsNoGuestShutdown() {
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeAbility(HypervisorLab.Ability.CRASH);
        String name = bootedInstance();

        lab().crash(name);

        awaitPower(name, PowerState.OFF);
        assertThat(observe(name).stopCause()).contains(StopCause.CRASHED);
    }

    @Test
    void watchersLearnOfChanges() {
        assumeFeature(Feature.EVENTS);
        assumeFeature(Feature.POWER);
        String name = newInstance();
        InstanceId id = id(name);
        AtomicInteger changes = new AtomicInteger();

        Subscription watching = driver().watch(id, changes::incrementAndGet);
        try {
            int atFirst = changes.get();
            driver().powerOn(id);
            await().until(changes::get, count -> count > atFirst);
            int afterStart = changes.get();
            driver().forceOff(id);
            await().until(changes::get, count -> count > afterStart);
        } finally {
            watching.close();
        }
    }

    @Test
    void aClosedSubscriptionIsSilent() {
        assumeFeature(Feature.EVENTS);
        assumeFeature(Feature.POWER);
        String name = newInstance();
        InstanceId id = id(name);
        AtomicInteger closed = new AtomicInteger();
        AtomicInteger open = new AtomicInteger();
        Subscription ended = driver().watch(id, closed::incrementAndGet);
        ended.close();
        ended.close();
        int afterClose = closed.get();

        Subscription watching = driver().watch(id, open::incrementAndGet);
        try {
            driver().powerOn(id);
            await().until(open::get, count -> count > 0);
        } finally {
            watching.close();
        }

        assertThat(closed).hasValue(afterClose);
    }

    @Test
    void anAgentFreezesAndThaws() {
        assumeFeature(Feature.FREEZE);
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeAbility(HypervisorLab.Ability.AGENT);
        String name = bootedInstance();
        InstanceId id = id(name);

        FreezeOutcome outcome = driver().freeze(id, lab().patience());
        driver().thaw(id);
        driver().thaw(id);

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        FreezeOutcome.Frozen.class,
                        frozen -> assertThat(frozen.fileSystems()).isPositive());
        lab().writeInGuest(name);
    }

    @Test
    void withoutAnAgentNothingIsFrozenForCertain() {
        assumeFeature(Feature.FREEZE);
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeAbility(HypervisorLab.Ability.DEAF_GUEST);
        String name = bootedInstance(HypervisorLab.GuestKind.DEAF);

        assertThat(driver().freeze(id(name), lab().interval())).isInstanceOf(FreezeOutcome.Unavailable.class);

        lab().writeInGuest(name);
    }

    @Test
    void whatIsOffCannotBeFrozenForCertain() {
        assumeFeature(Feature.FREEZE);
        InstanceId id = id(newInstance());

        assertThat(driver().freeze(id, lab().interval())).isInstanceOf(FreezeOutcome.Unavailable.class);
        driver().thaw(id);
    }
}
