package io.stillframe.internal.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;

/** The limits and the tokenizer that reader and writer share. */
final class Json {
    /** Most characters of a document. A record with 1 MiB of attributes, all of them escaped, stays below it. */
    static final int LONGEST_DOCUMENT = 16 << 20;

    /** Most objects and arrays within each other. */
    static final int DEEPEST_NESTING = 32;

    /** Immutable and safe for use by all threads; keeps no buffers and no names, so that hostile input leaves nothing behind. */
    static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxDocumentLength(LONGEST_DOCUMENT)
                    .maxNestingDepth(DEEPEST_NESTING)
                    .maxStringLength(LONGEST_DOCUMENT)
                    .maxNameLength(4096)
                    .maxNumberLength(64)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
            .build();

    private Json() {}
}
