package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class PlacesTest {
    @ParameterizedTest
    @CsvSource({
        "file:///srv/store, file:///srv/store.catalog",
        "file:///srv/store/, file:///srv/store.catalog",
        "file:/srv/store, file:///srv/store.catalog",
        "file:///srv/my%20store, file:///srv/my%20store.catalog",
    })
    void aDirectorysCatalogLiesBesideIt(URI store, URI catalog) {
        assertThat(Places.catalogBeside(store)).contains(catalog);
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3://bucket/prefix", "file:///", "file:relative"})
    void otherStoresHaveNone(URI store) {
        assertThat(Places.catalogBeside(store)).isEmpty();
    }

    @Test
    void aUriNeedsAScheme() {
        assertThatThrownBy(() -> UriConverter.parse("/srv/store"))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("file:///path");
    }

    @Test
    void aBrokenUriIsNotRepeatedBecauseItMayHoldASecret() {
        assertThatThrownBy(() -> UriConverter.parse("s3://key:secret word@host/bucket"))
                .isInstanceOf(TypeConversionException.class)
                .message()
                .doesNotContain("secret");
    }
}
