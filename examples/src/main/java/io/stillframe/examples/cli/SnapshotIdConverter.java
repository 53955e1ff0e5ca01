package io.stillframe.examples.cli;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A snapshot's id as written on the command line. */
final class SnapshotIdConverter implements ITypeConverter<SnapshotId> {
    @Override
    public SnapshotId convert(String value) {
        try {
            return new SnapshotId(value);
        } catch (SnapshotException e) {
            TypeConversionException refusal = new TypeConversionException(String.valueOf(e.getMessage()));
            refusal.initCause(e);
            throw refusal;
        }
    }
}
