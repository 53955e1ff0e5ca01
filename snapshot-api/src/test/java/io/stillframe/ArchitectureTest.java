package io.stillframe;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The layers: model, plugin SPI, image core and embedded defaults, engine, facade; each knows only those below it. */
class ArchitectureTest {
    private static final String JAVA = "java..";
    private static final String JSPECIFY = "org.jspecify..";
    private static final String MODEL = "io.stillframe.model..";
    private static final String SPI = "io.stillframe.spi..";
    private static final String ENGINE = "io.stillframe.internal.engine..";
    private static final String FACADE = "io.stillframe";

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/test-classes/"))
            .importPackages("io.stillframe");

    @Test
    void theModelKnowsNothingElse() {
        classes()
                .that()
                .resideInAPackage(MODEL)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(JAVA, JSPECIFY, MODEL))
                .check(PRODUCT);
    }

    @Test
    void theSpiKnowsTheModelOnly() {
        classes()
                .that()
                .resideInAPackage(SPI)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(JAVA, JSPECIFY, MODEL, SPI))
                .check(PRODUCT);
    }

    @Test
    void nobodyButTheFacadeKnowsTheEngineAndNobodyTheFacade() {
        noClasses()
                .that(not(resideInAnyPackage(ENGINE, FACADE)))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ENGINE, FACADE)
                .check(PRODUCT);
        noClasses()
                .that()
                .resideInAPackage(ENGINE)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(FACADE)
                .check(PRODUCT);
    }

    @Test
    void theEngineKnowsPluginsByTheirSpiOnly() {
        noClasses()
                .that()
                .resideInAPackage(ENGINE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.stillframe.store..", "io.stillframe.hypervisor..")
                .check(PRODUCT);
    }

    @Test
    void noThirdPartyTypeIsInAPublicSignature() {
        classes()
                .that()
                .arePublic()
                .and(not(resideInAnyPackage("io.stillframe.internal..")))
                .should(useOwnTypesOnly())
                .check(PRODUCT);
    }

    @Test
    void thereIsNoStaticStateThatChanges() {
        fields().that().areStatic().should().beFinal().check(PRODUCT);
    }

    @Test
    void internalPackagesAreNotExported() throws IOException, URISyntaxException {
        // By its own place: as a resource, the first module-info of the whole runtime would be found.
        Path classes = Path.of(SnapshotService.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (InputStream module = Files.newInputStream(classes.resolve("module-info.class"))) {
            List<String> exported = ModuleDescriptor.read(module).exports().stream()
                    .map(ModuleDescriptor.Exports::source)
                    .toList();
            assertThat(exported).contains("io.stillframe", "io.stillframe.model", "io.stillframe.spi");
            assertThat(exported).noneMatch(name -> name.contains("internal"));
        }
    }

    private static ArchCondition<JavaClass> useOwnTypesOnly() {
        return new ArchCondition<>("use own and JDK types only in public signatures") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                Stream<JavaClass> inCalls = type.getCodeUnits().stream()
                        .filter(unit -> isVisible(unit.getModifiers()))
                        .flatMap(ArchitectureTest::typesOf);
                Stream<JavaClass> inFields = type.getFields().stream()
                        .filter(field -> isVisible(field.getModifiers()))
                        .map(JavaField::getRawType);
                Stream<JavaClass> above =
                        Stream.concat(type.getRawInterfaces().stream(), type.getRawSuperclass().stream());
                Stream.of(inCalls, inFields, above)
                        .flatMap(types -> types)
                        .map(JavaClass::getBaseComponentType)
                        .filter(used -> !used.isPrimitive()
                                && !used.getPackageName().startsWith("java.")
                                && !used.getPackageName().equals("javax.sql")
                                && (!used.getPackageName().startsWith("io.stillframe")
                                        || used.getPackageName().contains(".internal.")))
                        .forEach(used -> events.add(
                                SimpleConditionEvent.violated(type, type.getName() + " shows " + used.getName())));
            }
        };
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static Stream<JavaClass> typesOf(JavaCodeUnit unit) {
        return Stream.concat(unit.getRawParameterTypes().stream(), Stream.of(unit.getRawReturnType()));
    }
}
