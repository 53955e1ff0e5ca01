package io.stillframe.internal.json;

import io.stillframe.model.Availability;
import io.stillframe.model.Keep;
import io.stillframe.model.Placement;
import io.stillframe.model.ResidencyRule;
import java.util.Optional;
import java.util.Set;

/** A placement's fields in JSON; the names are part of the stored format. */
public final class PlacementFields {
    private PlacementFields() {}

    /** Writes it as the object of that name; nothing if it is the default. */
    public static void write(JsonWriter out, String name, Placement placement) {
        Optional<Placement> told = Optional.of(placement).filter(value -> !value.equals(Placement.home()));
        out.object(
                name,
                told,
                (fields, value) -> fields.texts("regions", value.regions())
                        .constant("availability", value.availability())
                        .object("residency", value.residency(), PlacementFields::writeRule)
                        .text(
                                "keep",
                                Optional.of(value.keep())
                                        .filter(keep -> keep != Keep.AUTOMATIC)
                                        .map(Enum::name)));
    }

    /** Reads the object of that name; the default if there is none. */
    public static Placement read(JsonObject in, String name) {
        return in.objectIfPresent(name)
                .map(fields -> new Placement(
                        fields.texts("regions"),
                        fields.constant("availability", Availability.class),
                        fields.objectIfPresent("residency").map(PlacementFields::readRule),
                        fields.has("keep") ? fields.constant("keep", Keep.class) : Keep.AUTOMATIC))
                .orElseGet(Placement::home);
    }

    private static void writeRule(JsonWriter out, ResidencyRule rule) {
        out.text("name", rule.name())
                .texts("regions", rule.regions().stream().sorted().toList())
                .texts("jurisdictions", rule.jurisdictions().stream().sorted().toList());
    }

    private static ResidencyRule readRule(JsonObject in) {
        return new ResidencyRule(
                in.text("name"), Set.copyOf(in.texts("regions")), Set.copyOf(in.texts("jurisdictions")));
    }
}
