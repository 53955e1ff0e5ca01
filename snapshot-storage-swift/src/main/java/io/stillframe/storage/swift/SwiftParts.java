package io.stillframe.storage.swift;

/** What a store is made of, as its uploads use it. */
record SwiftParts(
        SwiftClient client,
        SwiftNames names,
        ServerInfo info,
        SwiftLookup lookup,
        SwiftListing listing,
        UploadMarkers markers,
        SwiftRemoval removal,
        Manifests manifests) {
    static SwiftParts of(SwiftClient client, SwiftNames names, ServerInfo info) {
        SwiftLookup lookup = new SwiftLookup(client, names);
        SwiftListing listing = new SwiftListing(client, names, info);
        UploadMarkers markers = new UploadMarkers(client, names);
        SwiftRemoval removal = new SwiftRemoval(client, names, info, lookup, listing, markers);
        return new SwiftParts(
                client, names, info, lookup, listing, markers, removal, new Manifests(client, names, info));
    }
}
