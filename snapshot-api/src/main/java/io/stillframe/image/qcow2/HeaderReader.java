package io.stillframe.image.qcow2;

import static io.stillframe.model.SnapshotException.corrupt;
import static io.stillframe.model.SnapshotException.unsupported;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads and checks one image's header. For one use. */
final class HeaderReader {
    private static final int LONGEST_BACKING_NAME = 1023;
    private static final int LONGEST_BACKING_FORMAT = 255;

    private final ByteSource image;
    private final Map<Integer, String> incompatibleNames = new HashMap<>();
    private Optional<Qcow2Header.Bitmaps> bitmaps = Optional.empty();
    private String backingFormat = "";
    private long exactSize = -1;

    private HeaderReader(ByteSource image) {
        this.image = image;
    }

    /**
     * Reads the header.
     *
     * @throws SnapshotException CORRUPT if it breaks the format; UNSUPPORTED if it needs what is not supported. An image that is
     *     marked corrupt is not refused here
     */
    static Qcow2Header read(ByteSource image) {
        return new HeaderReader(image).read();
    }

    private Qcow2Header read() {
        ByteBuffer fixed = fixedPart();
        int version = version(fixed);
        int headerLength = version == 2 ? Qcow2Header.LENGTH_V2 : fixed.getInt(100);
        long incompatible = version == 2 ? 0 : fixed.getLong(72);
        Geometry geometry = geometry(fixed.getInt(20), (incompatible & Features.EXTENDED_L2) != 0);
        requireHeaderLength(version, headerLength, geometry);
        long backingOffset = fixed.getLong(8);
        readExtensions(firstCluster(geometry), headerLength, backingOffset);
        requireFeatures(fixed, incompatible);
        Qcow2Header header = new Qcow2Header(
                version,
                geometry,
                size(fixed.getLong(24)),
                fixed.getLong(40),
                fixed.getInt(36),
                fixed.getLong(48),
                fixed.getInt(56),
                version == 2 ? 4 : fixed.getInt(96),
                fixed.getInt(60),
                fixed.getLong(64),
                incompatible,
                version == 2 ? 0 : fixed.getLong(80),
                version == 2 ? 0 : fixed.getLong(88),
                compression(incompatible, headerLength),
                backing(backingOffset, fixed.getInt(16), geometry),
                bitmaps);
        requireTables(header);
        return header;
    }

    /** The fields up to header_length; zeros where version 2 has none. */
    private ByteBuffer fixedPart() {
        if (image.size() < Qcow2Header.LENGTH_V2) {
            throw corrupt(image.describe() + " has " + image.size() + " bytes; a qcow2 header has at least "
                    + Qcow2Header.LENGTH_V2);
        }
        ByteBuffer fixed = ByteBuffer.allocate(Qcow2Header.LENGTH_V3);
        image.read(0, fixed.limit((int) Math.min(image.size(), Qcow2Header.LENGTH_V3)));
        return fixed.clear();
    }

    private int version(ByteBuffer fixed) {
        if (fixed.getInt(0) != Qcow2Header.MAGIC) {
            throw corrupt(image.describe() + " is no qcow2 image: it does not start with the format's magic");
        }
        int version = fixed.getInt(4);
        if (version != 2 && version != 3) {
            throw unsupported(image.describe() + " is of qcow version " + Integer.toUnsignedString(version)
                    + "; 2 and 3 are supported, others must be converted");
        }
        return version;
    }

    private Geometry geometry(int clusterBits, boolean extended) {
        if (clusterBits < Geometry.FEWEST_BITS || (extended && clusterBits < Geometry.FEWEST_BITS_EXTENDED)) {
            throw corrupt(image.describe() + " has cluster_bits " + clusterBits + "; at least "
                    + (extended ? Geometry.FEWEST_BITS_EXTENDED : Geometry.FEWEST_BITS) + " are allowed");
        }
        if (clusterBits > Geometry.MOST_BITS) {
            throw unsupported(image.describe() + " has cluster_bits " + clusterBits + "; at most " + Geometry.MOST_BITS
                    + " (2 MiB) are supported");
        }
        return new Geometry(clusterBits, extended);
    }

    private void requireHeaderLength(int version, int headerLength, Geometry geometry) {
        if (version == 3
                && (headerLength < Qcow2Header.LENGTH_V3
                        || headerLength % 8 != 0
                        || headerLength > geometry.clusterSize()
                        || headerLength > image.size())) {
            throw corrupt(image.describe() + " has a header_length of " + Integer.toUnsignedString(headerLength)
                    + "; it must be a multiple of 8 from " + Qcow2Header.LENGTH_V3 + " to the first cluster's end");
        }
    }

    private ByteBuffer firstCluster(Geometry geometry) {
        ByteBuffer cluster = ByteBuffer.allocate((int) Math.min(image.size(), geometry.clusterSize()));
        image.read(0, cluster);
        return cluster.flip();
    }

    private void readExtensions(ByteBuffer cluster, int headerLength, long backingOffset) {
        int end = backingOffset > 0 && backingOffset < cluster.limit() ? (int) backingOffset : cluster.limit();
        int at = headerLength;
        while (at <= end - 8) {
            int type = cluster.getInt(at);
            int length = cluster.getInt(at + 4);
            if (type == Qcow2Header.EXTENSION_END) {
                return;
            }
            if (length < 0 || length > end - at - 8) {
                throw corrupt(image.describe() + " has a header extension of " + Integer.toUnsignedString(length)
                        + " bytes at " + at + ", which exceeds the header");
            }
            readExtension(type, cluster.slice(at + 8, length));
            at += 8 + (length + 7) / 8 * 8;
        }
    }

    private void readExtension(int type, ByteBuffer data) {
        switch (type) {
            case Qcow2Header.EXTENSION_BACKING_FORMAT -> {
                if (data.remaining() > LONGEST_BACKING_FORMAT) {
                    throw corrupt(image.describe() + " names a backing format of " + data.remaining()
                            + " bytes; at most " + LONGEST_BACKING_FORMAT + " are allowed");
                }
                backingFormat = text(data);
            }
            case Qcow2Header.EXTENSION_FEATURE_NAMES -> readFeatureNames(data);
            case Qcow2Header.EXTENSION_BITMAPS -> {
                if (data.remaining() != 24) {
                    throw corrupt(image.describe() + " has a bitmaps extension of " + data.remaining()
                            + " bytes; it must have 24");
                }
                bitmaps = Optional.of(new Qcow2Header.Bitmaps(data.getInt(0), data.getLong(16), data.getLong(8)));
            }
            case Qcow2Header.EXTENSION_EXACT_SIZE -> exactSize = data.remaining() == Long.BYTES ? data.getLong(0) : -1;
            default -> {} // Unknown extensions can be ignored; so can those of features that are refused.
        }
    }

    private long size(long declared) {
        boolean exact = exactSize >= 0 && exactSize <= declared && declared - exactSize < WriterOptions.SECTOR;
        return exact ? exactSize : declared;
    }

    private void readFeatureNames(ByteBuffer data) {
        for (int at = 0; at + Qcow2Header.FEATURE_NAME_ENTRY <= data.limit(); at += Qcow2Header.FEATURE_NAME_ENTRY) {
            if (data.get(at) == 0) {
                int bit = data.get(at + 1) & 0xff;
                incompatibleNames.put(bit, printable(text(data.slice(at + 2, 46))));
            }
        }
    }

    private void requireFeatures(ByteBuffer fixed, long incompatible) {
        if (fixed.getInt(32) != 0) {
            throw unsupported(image.describe() + " is encrypted (crypt_method " + fixed.getInt(32)
                    + "); decrypt it first, e.g. by converting it with its key");
        }
        List<String> unknown = Features.unknownIncompatible(incompatible, incompatibleNames);
        if (!unknown.isEmpty()) {
            throw unsupported(image.describe() + " needs incompatible qcow2 features that are not known: "
                    + String.join(", ", unknown));
        }
        if ((incompatible & Features.EXTERNAL_DATA) != 0) {
            throw unsupported(image.describe()
                    + " keeps its data in an external data file, which is not supported; convert it to a plain qcow2");
        }
    }

    private CompressionType compression(long incompatible, int headerLength) {
        int code = headerLength > Qcow2Header.LENGTH_V3 ? byteAt(Qcow2Header.LENGTH_V3) : 0;
        boolean declared = (incompatible & Features.COMPRESSION_TYPE) != 0;
        if (declared != (code != 0)) {
            throw corrupt(image.describe() + " has compression type " + code + " while its feature bit is "
                    + (declared ? "set" : "not set"));
        }
        return CompressionType.ofCode(code);
    }

    private int byteAt(int position) {
        ByteBuffer one = ByteBuffer.allocate(1);
        image.read(position, one);
        return one.get(0) & 0xff;
    }

    private Optional<Qcow2Header.Backing> backing(long offset, int length, Geometry geometry) {
        if (offset == 0) {
            return Optional.empty();
        }
        long end = Math.min(image.size(), geometry.clusterSize());
        if (length < 0 || length > LONGEST_BACKING_NAME || offset < 0 || offset > end - length) {
            throw corrupt(image.describe() + " has a backing file name of " + Integer.toUnsignedString(length)
                    + " bytes at " + Long.toUnsignedString(offset) + "; it must have at most " + LONGEST_BACKING_NAME
                    + " and lie in the first cluster");
        }
        if (length == 0) {
            return Optional.empty();
        }
        ByteBuffer name = ByteBuffer.allocate(length);
        image.read(offset, name);
        return Optional.of(new Qcow2Header.Backing(text(name.flip()), backingFormat));
    }

    private void requireTables(Qcow2Header header) {
        Geometry geometry = header.geometry();
        long needed = geometry.l1Entries(header.size());
        if (header.size() < 0 || needed > Geometry.LARGEST_L1 / Long.BYTES) {
            throw unsupported(image.describe() + " has a virtual size of " + Long.toUnsignedString(header.size())
                    + " bytes; with its clusters at most " + geometry.largestDisk() + " are supported");
        }
        if (header.l1Entries() < 0 || header.l1Entries() > Geometry.LARGEST_L1 / Long.BYTES) {
            throw corrupt(image.describe() + " has an L1 table of " + Integer.toUnsignedString(header.l1Entries())
                    + " entries; at most " + Geometry.LARGEST_L1 / Long.BYTES + " are allowed");
        }
        if (header.l1Entries() < needed) {
            throw corrupt(image.describe() + " has an L1 table of " + header.l1Entries() + " entries; its virtual size"
                    + " needs " + needed);
        }
        if (header.l1Entries() > 0 && !inFile(header.l1Offset(), (long) header.l1Entries() * Long.BYTES, geometry)) {
            throw corrupt(image.describe() + " has its L1 table at " + Long.toUnsignedString(header.l1Offset())
                    + ", which is not aligned to a cluster or exceeds the file of " + image.size() + " bytes");
        }
        if (header.refcountOrder() < 0 || header.refcountOrder() > 6) {
            throw corrupt(image.describe() + " has refcount_order " + Integer.toUnsignedString(header.refcountOrder())
                    + "; at most 6 is allowed");
        }
        if (header.snapshots() < 0 || header.snapshots() > Qcow2Header.MOST_SNAPSHOTS) {
            throw corrupt(image.describe() + " claims " + Integer.toUnsignedString(header.snapshots())
                    + " internal snapshots; at most " + Qcow2Header.MOST_SNAPSHOTS + " are allowed");
        }
    }

    private boolean inFile(long offset, long length, Geometry geometry) {
        return offset >= geometry.clusterSize() && geometry.aligned(offset) && offset <= image.size() - length;
    }

    /** Up to the first zero byte, as some writers end their texts with one. */
    private static String text(ByteBuffer bytes) {
        int end = 0;
        while (end < bytes.limit() && bytes.get(end) != 0) {
            end++;
        }
        return StandardCharsets.UTF_8.decode(bytes.slice(0, end)).toString();
    }

    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
