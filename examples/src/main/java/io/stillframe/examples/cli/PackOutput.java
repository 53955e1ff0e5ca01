package io.stillframe.examples.cli;

import io.stillframe.image.ConvertRequest;
import io.stillframe.image.FileByteSource;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageOutput;
import io.stillframe.image.Images;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.pack.ChunkDigest;
import io.stillframe.image.pack.IncrementalPack;
import io.stillframe.image.pack.IndexedDisk;
import io.stillframe.image.pack.PackCodec;
import io.stillframe.image.pack.PackManifest;
import io.stillframe.image.pack.PackOptions;
import io.stillframe.model.Compression;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import picocli.CommandLine.Option;

/** What only packs have: the older pack or manifest that a new one is the next generation of, and the chunks' digest. */
final class PackOutput {
    private static final String PACK = "pack";
    private static final int DEFAULT_LEVEL = 1;
    private static final Map<String, ChunkDigest> DIGESTS =
            Map.of("sha256", ChunkDigest.SHA_256, "sha512-256", ChunkDigest.SHA_512_256, "none", ChunkDigest.NONE);

    @Option(
            names = "--base",
            paramLabel = "PACK",
            description = "With --to pack: an older pack or manifest; only chunks that differ from it are stored.")
    private Optional<Path> base = Optional.empty();

    @Option(
            names = "--base-disk",
            paramLabel = "NAME",
            description = "Which disk of the --base manifest, if it has several.")
    private Optional<String> disk = Optional.empty();

    @Option(
            names = "--chunk-digest",
            paramLabel = "ALGORITHM",
            description = {
                "With --to pack: the digest of each chunk, sha256 (the default), sha512-256 or none. It lets the next",
                "generation be stored by what changed, and finds any change; without one, chunks have a CRC32C only."
            })
    private Optional<String> digest = Optional.empty();

    /** Converts as the request says, incrementally if there is a base. */
    StreamResult convert(
            ConvertRequest request, StreamSettings settings, Cancellation cancellation, StreamListener listener) {
        if (base.isPresent()) {
            return convertOnBase(request, settings, cancellation, listener);
        }
        if (digest.isEmpty()) {
            return Images.convert(request, settings, cancellation, listener);
        }
        PackOptions options = options(request);
        return Images.convert(
                request, size -> new PackCodec().newWriter(size, options), settings, cancellation, listener);
    }

    private PackOptions options(ConvertRequest request) {
        if (!request.format().equals(PACK)) {
            throw new UsageException("--chunk-digest is for --to pack, not for --to " + request.format());
        }
        ChunkDigest chosen = DIGESTS.get(digest.orElseThrow());
        if (chosen == null) {
            throw new UsageException("--chunk-digest must be one of " + new TreeSet<>(DIGESTS.keySet()) + ", got '"
                    + digest.get() + "'");
        }
        PackOptions options = PackOptions.ofDefaults().withLevel(level(request)).withDigest(chosen);
        return request.clusterSize().isPresent()
                ? options.withChunkSize(request.clusterSize().getAsInt())
                : options;
    }

    private StreamResult convertOnBase(
            ConvertRequest request, StreamSettings settings, Cancellation cancellation, StreamListener listener) {
        Path output = output(request);
        try (FileByteSource bytes = FileByteSource.open(base.get());
                BlockSource source = Images.open(request.input());
                FileTarget target = FileTarget.create(output)) {
            StreamResult result = IncrementalPack.on(disk(PackManifest.open(bytes)), level(request))
                    .byContent(source, target, settings, cancellation, listener)
                    .result();
            target.publish();
            return result;
        }
    }

    private Path output(ConvertRequest request) {
        if (!request.format().equals(PACK)) {
            throw new UsageException("--base is for --to pack, not for --to " + request.format());
        }
        if (digest.isPresent()) {
            throw new UsageException("with --base the chunks' digest is the base's; leave --chunk-digest out");
        }
        if (request.clusterSize().isPresent()) {
            throw new UsageException("with --base the cluster size is the base's; leave --cluster-size out");
        }
        if (!(request.output() instanceof ImageOutput.File file)) {
            throw new UsageException("an incremental pack is written to a file, not to a pipe");
        }
        if (isBase(file.path())) {
            throw new UsageException("the new pack needs its base " + base.orElseThrow()
                    + " and cannot replace it; choose another name");
        }
        return file.path();
    }

    private boolean isBase(Path output) {
        try {
            return Files.exists(output) && Files.isSameFile(output, base.orElseThrow());
        } catch (IOException e) {
            throw new UsageException(output + " cannot be compared with the base: " + e.getMessage());
        }
    }

    private IndexedDisk disk(PackManifest manifest) {
        if (disk.isPresent()) {
            return manifest.disk(disk.get());
        }
        if (manifest.disks().size() != 1) {
            throw new UsageException("the manifest has the disks "
                    + manifest.disks().stream().map(IndexedDisk::name).toList() + "; name one with --base-disk");
        }
        return manifest.disks().get(0);
    }

    private static int level(ConvertRequest request) {
        Compression compression = request.compression().orElse(Compression.of("zstd", DEFAULT_LEVEL));
        if (!compression.algorithm().equals("zstd")) {
            throw new UsageException("a pack takes compression zstd, got '" + compression + "'");
        }
        return compression.level().orElse(DEFAULT_LEVEL);
    }
}
