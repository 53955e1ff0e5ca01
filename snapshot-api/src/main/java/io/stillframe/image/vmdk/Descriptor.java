package io.stillframe.image.vmdk;

import static io.stillframe.model.SnapshotException.corrupt;
import static io.stillframe.model.SnapshotException.unsupported;

import io.stillframe.model.SnapshotException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An image's description of itself ("The Descriptor File"), a text of keys and extents. Names of files in it are looked at for what they
 * tell, and never followed.
 *
 * @param createType kind of image, e.g. {@code streamOptimized}
 * @param contentId the CID, 8 hexadecimal digits
 * @param adapterType {@code ddb.adapterType}; empty text if it has none
 * @param extentSectors disk sectors of its one extent
 * @param exactSize the disk's size in bytes if it was no multiple of a sector when the image was written
 */
record Descriptor(String createType, String contentId, String adapterType, long extentSectors, OptionalLong exactSize) {
    /** What a descriptor starts with. */
    static final String FIRST_LINE = "# Disk DescriptorFile";

    /** Longest text that is looked at. */
    static final int LONGEST = 1 << 20;

    static final String STREAM_OPTIMIZED = "streamOptimized";
    static final String MONOLITHIC_SPARSE = "monolithicSparse";

    /** A key of this product's own; others ignore what they do not know in the disk database. */
    static final String EXACT_SIZE = "ddb.stillframe.size";

    private static final String NO_PARENT = "ffffffff";
    private static final Pattern ASSIGNMENT = Pattern.compile("([A-Za-z0-9_.:\\-]+)[ \\t]*=[ \\t]*(.*)");
    private static final Pattern QUOTED = Pattern.compile("\"([^\"]*)\"");
    private static final Pattern EXTENT = Pattern.compile(
            "(RW|RDONLY|NOACCESS)[ \\t]+([0-9]{1,19})[ \\t]+([A-Za-z0-9]{1,32})(?:[ \\t]+\"([^\"]*)\"(.*))?");
    private static final Pattern FILE_NAME = Pattern.compile("[^/\\\\]+");

    /** Reads the text and requires that it describes an image in one file that needs no other. */
    static Descriptor of(byte[] text, String image) {
        Parser parser = new Parser(image);
        parser.parse(text);
        return parser.descriptor();
    }

    /** What kind of image a text describes, for messages. Throws CORRUPT as {@link #of}. */
    static String createType(byte[] text, String image) {
        Parser parser = new Parser(image);
        parser.parse(text);
        return parser.required("createType");
    }

    /** The text for a stream-optimized image. */
    static byte[] text(long virtualSize, long capacity) {
        StringBuilder text = new StringBuilder(512);
        line(text, FIRST_LINE);
        line(text, "version=1");
        line(text, "CID=" + contentId(virtualSize));
        line(text, "parentCID=" + NO_PARENT);
        line(text, "createType=\"" + STREAM_OPTIMIZED + "\"");
        line(text, "");
        line(text, "# Extent description");
        line(text, "RDONLY " + capacity + " SPARSE \"disk.vmdk\"");
        line(text, "");
        line(text, "# The Disk Data Base");
        line(text, "#DDB");
        line(text, "");
        line(text, "ddb.adapterType = \"lsilogic\"");
        line(text, "ddb.geometry.cylinders = \"" + Math.max(1, capacity / (255 * 63)) + "\"");
        line(text, "ddb.geometry.heads = \"255\"");
        line(text, "ddb.geometry.sectors = \"63\"");
        line(text, "ddb.virtualHWVersion = \"4\"");
        if (Sectors.bytes(capacity) != virtualSize) {
            line(text, EXACT_SIZE + " = \"" + virtualSize + "\"");
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append('\n');
    }

    /**
     * It tells a parent's versions apart. This image is nobody's parent, and its content is not known when the descriptor is written;
     * the highest bit, set, keeps it off 0, the lowest, cleared, off the reserved ffffffff and fffffffe.
     */
    private static String contentId(long virtualSize) {
        return String.format(Locale.ROOT, "%08x", (Long.hashCode(virtualSize) | (1 << 31)) & ~3);
    }

    /** Takes a text apart line by line. For one use. */
    private static final class Parser {
        private final String image;
        private final Map<String, String> values = new HashMap<>();
        private final List<Matcher> extents = new ArrayList<>();

        Parser(String image) {
            this.image = image;
        }

        void parse(byte[] bytes) {
            String text = text(bytes);
            int start = 0;
            boolean first = true;
            while (start < text.length()) {
                int newline = text.indexOf('\n', start);
                int end = newline < 0 ? text.length() : newline;
                String line = text.substring(start, end).strip();
                if (first && !line.equalsIgnoreCase(FIRST_LINE)) {
                    throw corrupt(image + " has no descriptor where its header says: it must start with '" + FIRST_LINE
                            + "'");
                }
                first = false;
                parseLine(line);
                start = end + 1;
            }
            if (first) {
                throw corrupt(image + " has an empty descriptor");
            }
        }

        /** Up to the first zero byte. Keys are ASCII; values may have an encoding of their own and are not decoded. */
        private String text(byte[] bytes) {
            int length = 0;
            while (length < bytes.length && bytes[length] != 0) {
                int value = bytes[length] & 0xff;
                if ((value < ' ' && value != '\n' && value != '\r' && value != '\t') || value == 0x7f) {
                    throw corrupt(image + " has the control character " + value + " at " + length
                            + " of its descriptor, which is text");
                }
                length++;
            }
            return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        }

        private void parseLine(String line) {
            if (line.isEmpty() || line.startsWith("#")) {
                return;
            }
            Matcher extent = EXTENT.matcher(line);
            if (extent.matches()) {
                extents.add(extent);
                if (extents.size() > 1) {
                    throw unsupported(
                            image + " has more than one extent: it is split over several files, which are never"
                                    + " followed; convert it to one file with the tools that made it");
                }
                return;
            }
            Matcher assignment = ASSIGNMENT.matcher(line);
            if (!assignment.matches()) {
                throw corrupt(
                        image + " has a descriptor line that is neither a comment, a key with a value, nor an extent: "
                                + shown(line));
            }
            String key = assignment.group(1).toLowerCase(Locale.ROOT);
            if (values.put(key, unquoted(assignment.group(2).strip())) != null) {
                throw corrupt(image + " has the descriptor key '" + key + "' twice");
            }
        }

        private static String unquoted(String value) {
            Matcher quoted = QUOTED.matcher(value);
            return quoted.matches() ? quoted.group(1) : value;
        }

        String required(String key) {
            return value(key).orElseThrow(() -> corrupt(image + " has a descriptor without '" + key + "'"));
        }

        private Optional<String> value(String key) {
            return Optional.ofNullable(values.get(key.toLowerCase(Locale.ROOT)));
        }

        Descriptor descriptor() {
            requireVersion();
            requireNotEncrypted();
            requireNoParent();
            String contentId = required("CID");
            if (!contentId.matches("[0-9A-Fa-f]{1,8}")) {
                throw corrupt(image + " has the CID " + shown(contentId) + "; it must be 1 to 8 hexadecimal digits");
            }
            String createType = required("createType");
            if (!createType.equalsIgnoreCase(STREAM_OPTIMIZED) && !createType.equalsIgnoreCase(MONOLITHIC_SPARSE)) {
                throw otherKind(createType, image);
            }
            return new Descriptor(
                    createType,
                    contentId.toLowerCase(Locale.ROOT),
                    value("ddb.adapterType").orElse(""),
                    extent(),
                    exactSize());
        }

        private void requireVersion() {
            String version = required("version");
            if (!version.matches("[123]")) {
                throw unsupported(image + " has descriptor version " + shown(version) + "; 1 to 3 are supported");
            }
        }

        private void requireNotEncrypted() {
            if (values.keySet().stream().anyMatch(key -> key.startsWith("encrypt"))) {
                throw unsupported(image + " is encrypted; decrypt it first with the tools that made it");
            }
        }

        private void requireNoParent() {
            String parent = value("parentCID").orElse(NO_PARENT);
            String hint = value("parentFileNameHint").orElse("");
            if (!parent.equalsIgnoreCase(NO_PARENT) || !hint.isEmpty()) {
                throw unsupported(image + " holds only what changed since a parent disk"
                        + (hint.isEmpty() ? "" : " that it calls " + shown(hint))
                        + "; parents are never followed: consolidate it into one file first");
            }
        }

        private long extent() {
            if (extents.isEmpty()) {
                throw corrupt(image + " has a descriptor without an extent");
            }
            Matcher extent = extents.get(0);
            if (!"SPARSE".equals(extent.group(3)) || "NOACCESS".equals(extent.group(1))) {
                throw unsupported(image + " has an extent of kind " + extent.group(1) + " " + extent.group(3)
                        + "; only readable SPARSE ones are supported");
            }
            requireOwnName(extent.group(4), extent.group(5));
            try {
                return Long.parseLong(extent.group(2));
            } catch (NumberFormatException e) {
                throw new SnapshotException(
                        SnapshotException.Kind.CORRUPT,
                        image + " has an extent of " + extent.group(2) + " sectors, which is more than 2^63",
                        e);
            }
        }

        /** Files get renamed, so that the name can be any, but it is one of a file beside it. */
        private void requireOwnName(@Nullable String name, @Nullable String rest) {
            if (name == null || !FILE_NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
                throw unsupported(image + " names another place as its extent, " + shown(String.valueOf(name))
                        + "; an image in one file has a plain file name there, and no other file is ever followed");
            }
            if (rest != null && !rest.isBlank() && !rest.strip().equals("0")) {
                throw unsupported(image + " has an extent that begins inside of a file, at " + shown(rest.strip()));
            }
        }

        private OptionalLong exactSize() {
            return value(EXACT_SIZE)
                    .filter(text -> text.matches("[0-9]{1,18}"))
                    .map(text -> OptionalLong.of(Long.parseLong(text)))
                    .orElse(OptionalLong.empty());
        }

        private static String shown(String text) {
            String printable = text.replaceAll("[^ -~]", "?");
            return "'" + (printable.length() > 60 ? printable.substring(0, 60) + "…" : printable) + "'";
        }
    }

    /** An image whose data lies elsewhere, or otherwise. */
    static SnapshotException otherKind(String createType, String image) {
        return unsupported(image + " is a vmdk of type " + Parser.shown(createType)
                + ", which keeps its data in other files or in another way; only " + MONOLITHIC_SPARSE + " and "
                + STREAM_OPTIMIZED + " in one file are supported, and no other file is ever followed: convert it first,"
                + " e.g. with qemu-img convert");
    }
}
