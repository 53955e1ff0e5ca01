package io.stillframe.libvirt.internal.connection;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.libvirt.Error.ErrorNumber;

/** Reads libvirt's secrets, which libvirt-java finds by their identity alone. */
final class NativeSecret {
    private NativeSecret() {}

    /**
     * The value of a secret of Ceph's; empty if there is none, it has none, or it may not be read.
     *
     * @param attribute {@code uuid} or {@code usage}: what the name is
     */
    static Optional<byte[]> find(Pointer connection, String attribute, String name) throws LibvirtFailure {
        @Nullable
        Pointer secret = attribute.equals("uuid")
                ? LibvirtCalls.LIBRARY.virSecretLookupByUUIDString(connection, name)
                : LibvirtCalls.LIBRARY.virSecretLookupByUsage(connection, LibvirtCalls.SECRET_OF_CEPH, name);
        if (secret == null) {
            return unlessKeptBack();
        }
        try {
            LongByReference length = new LongByReference();
            @Nullable Pointer value = LibvirtCalls.LIBRARY.virSecretGetValue(secret, length, 0);
            if (value == null) {
                return unlessKeptBack();
            }
            byte[] bytes = value.getByteArray(0, Math.toIntExact(length.getValue()));
            value.clear(length.getValue());
            LibC.LIBRARY.free(value);
            return Optional.of(bytes);
        } finally {
            LibvirtCalls.LIBRARY.virSecretFree(secret);
        }
    }

    private static Optional<byte[]> unlessKeptBack() throws LibvirtFailure {
        LibvirtFailure failure = LibvirtFailure.last();
        if (failure.is(
                ErrorNumber.VIR_ERR_NO_SECRET,
                ErrorNumber.VIR_ERR_INVALID_SECRET,
                ErrorNumber.VIR_ERR_OPERATION_DENIED,
                ErrorNumber.VIR_ERR_NO_SUPPORT)) {
            return Optional.empty();
        }
        throw failure;
    }

    /** The value is the caller's to free. */
    interface LibC extends Library {
        LibC LIBRARY = Native.load("c", LibC.class);

        void free(Pointer memory);
    }
}
