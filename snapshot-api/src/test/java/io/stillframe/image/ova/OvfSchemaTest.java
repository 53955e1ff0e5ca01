package io.stillframe.image.ova;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stillframe.image.ova.OvaMachine.DiskController;
import io.stillframe.image.ova.OvaMachine.Firmware;
import io.stillframe.image.ova.OvaMachine.GuestOs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/**
 * Descriptors have the elements and attributes that the specification wants, in its order. The schema beside this test is written from the
 * specification's text; {@code -Dstillframe.ovf.schema=FILE} adds the one that DMTF publishes as DSP8023, with those that it imports
 * beside it.
 */
class OvfSchemaTest {
    private static final String ORIGINAL = "stillframe.ovf.schema";

    static Stream<OvaMachine> machines() {
        OvaMachine.Builder full = OvaMachine.builder("web <1> & \"ä\"")
                .vcpus(3)
                .memoryMib(2052)
                .firmware(Firmware.UEFI)
                .networks(List.of("net <1>", "net 2", "net <1>"));
        return Stream.concat(
                Stream.of(OvaMachine.builder("plain").build(), full.build()),
                Stream.concat(
                        Stream.of(GuestOs.values()).map(os -> full.guestOs(os).build()),
                        Stream.of(DiskController.values())
                                .map(kind -> full.controller(kind).build())));
    }

    @ParameterizedTest
    @MethodSource("machines")
    void everyMachinesDescriptorIsValid(OvaMachine machine) throws Exception {
        Schema schema = subset();
        for (int disks : new int[] {1, 2, 17}) {
            byte[] descriptor = descriptor(machine, disks);
            assertThatCode(() -> validate(schema, descriptor))
                    .as(new String(descriptor, StandardCharsets.UTF_8))
                    .doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void soItIsByThePublishedSchema(OvaMachine machine) throws Exception {
        assumeTrue(System.getProperty(ORIGINAL) != null, "the published schema is given by -D" + ORIGINAL);
        Schema schema =
                factory().newSchema(Path.of(System.getProperty(ORIGINAL)).toFile());
        for (int disks : new int[] {1, 2, 17}) {
            validate(schema, descriptor(machine, disks));
        }
    }

    /** The schema is one that finds faults. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<Info>The virtual disks</Info> | ''",
                "ovf:fileRef=\"file1\" | ovf:fileRef=\"file9\"",
                "ovf:diskId=\"vmdisk1\" | ''",
                "ovf:capacity=\"512\" | ovf:capacity=\"half\"",
                "<rasd:InstanceID>1</rasd:InstanceID> | ''",
                "<rasd:InstanceID>2</rasd:InstanceID> | <rasd:InstanceID>1</rasd:InstanceID>",
                "<rasd:Parent>3</rasd:Parent> | <rasd:Parent>33</rasd:Parent>",
                "<Name>plain</Name> | <Name>plain</Name><Info>again</Info>",
            })
    void aFaultIsFound(String right, String wrong) throws Exception {
        String descriptor = new String(descriptor(OvaMachine.builder("plain").build(), 2), StandardCharsets.UTF_8);
        byte[] faulty = descriptor.replace(right, wrong).getBytes(StandardCharsets.UTF_8);
        Schema schema = subset();
        assertThatCode(() -> validate(schema, descriptor.getBytes(StandardCharsets.UTF_8)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> validate(schema, faulty)).isInstanceOf(SAXParseException.class);
    }

    @Test
    void elementsOutOfOrderAreAFault() throws Exception {
        String descriptor = new String(descriptor(OvaMachine.builder("plain").build(), 1), StandardCharsets.UTF_8);
        String swapped = descriptor
                .replace("rasd:ElementName", "rasd:Swap")
                .replace("rasd:InstanceID", "rasd:ElementName")
                .replace("rasd:Swap", "rasd:InstanceID");
        Schema schema = subset();
        assertThatThrownBy(() -> validate(schema, swapped.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(SAXParseException.class);
    }

    private static byte[] descriptor(OvaMachine machine, int disks) {
        return OvfDescriptor.of(
                machine,
                IntStream.rangeClosed(1, disks)
                        .mapToObj(i -> new OvaDisk("disk" + i + ".vmdk", 512L * i, 77, 66))
                        .toList());
    }

    private static Schema subset() throws SAXException {
        return factory().newSchema(OvfSchemaTest.class.getResource("envelope.xsd"));
    }

    private static SchemaFactory factory() throws SAXException {
        SchemaFactory factory = SchemaFactory.newDefaultInstance();
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "file,jar:file");
        return factory;
    }

    private static void validate(Schema schema, byte[] descriptor) throws SAXException, IOException {
        schema.newValidator().validate(new StreamSource(new ByteArrayInputStream(descriptor)));
    }
}
