package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Checks that calls fail as promised. */
public final class Faults {
    private Faults() {}

    /** The exception of a call that must fail with one of these kinds. */
    public static SnapshotException failing(ThrowingCallable call, Kind... kinds) {
        SnapshotException fault = catchThrowableOfType(SnapshotException.class, call);
        assertThat(fault).as("the call must fail with %s", (Object) kinds).isNotNull();
        assertThat(fault.kind()).as(fault.getMessage()).isIn((Object[]) kinds);
        return fault;
    }
}
