package io.stillframe.examples.cli;

import io.stillframe.model.LaunchedInstance;

/** A launched instance as JSON. */
final class InstanceJson {
    private InstanceJson() {}

    static String text(LaunchedInstance launched) {
        return Json.text(json -> {
            json.writeStartObject();
            json.writeStringField("id", launched.id().value());
            json.writeStringField("name", launched.name());
            json.writeArrayFieldStart("disks");
            for (LaunchedInstance.Disk disk : launched.disks()) {
                json.writeStartObject();
                json.writeStringField("device", disk.device());
                json.writeStringField("location", disk.location());
                json.writeStringField("format", disk.format());
                json.writeNumberField("virtualSize", disk.virtualSize());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }
}
