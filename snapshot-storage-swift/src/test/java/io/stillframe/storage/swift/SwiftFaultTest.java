package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.storage.swift.Uploads.LAYOUT;
import static io.stillframe.storage.swift.Uploads.PART;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.spi.contract.Crowd;
import io.stillframe.spi.contract.NetworkFaultContract;
import io.stillframe.testing.Fault;
import io.stillframe.testing.Fault.Action;
import io.stillframe.testing.Fault.Point;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract over networks that fail, and what is Swift's own of it: segments, and tokens that are refused. */
final class SwiftFaultTest extends NetworkFaultContract {
    private final SwiftLab lab = SwiftLab.open();
    private TestContainer container;

    @Override
    protected void makePlace() {
        container = TestContainer.create(lab.tempAuth());
    }

    @Override
    protected void removePlace() {
        container.close();
    }

    @Override
    protected int port() {
        return lab.tempAuth().authUrl().getPort();
    }

    @Override
    protected ObjectStore openDirect() {
        return SwiftObjectStore.builder(container.name())
                .credentials(lab.tempAuth())
                .build();
    }

    /** TempAuth tells the address that it was asked at, which is the proxy's. */
    @Override
    protected ObjectStore openThrough(URI address) {
        return SwiftObjectStore.builder(container.name())
                .credentials(lab.tempAuth(URI.create(address + "/auth/v1.0")))
                .stallTimeout(Duration.ofSeconds(1))
                .completionTimeout(Duration.ofSeconds(2))
                .build();
    }

    @Override
    protected int partSize() {
        return PART;
    }

    @Override
    protected boolean isCompletion(String line) {
        return line.contains("multipart-manifest=put");
    }

    @Override
    protected boolean isOwnThread(String name) {
        return name.startsWith("stillframe-swift") || name.startsWith("HttpClient-");
    }

    @Override
    protected Set<Point> stalls() {
        return Set.of(Point.IN_BODY, Point.BEFORE_ANSWER);
    }

    @Override
    protected void requireNothingLeft() {
        assertThat(container.objects()).isEmpty();
        assertThat(container.segments()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"BEFORE_REQUEST", "BEFORE_ANSWER"})
    void aDeletionCutAtAnyRequestLeavesTheObjectWholeOrAbsentAndIsSwept(Point point) {
        boolean hit = true;
        for (int request = 1; hit; request++) {
            Uploads.upload(direct(), content(), PublishMode.REPLACE);
            proxy().arm(Fault.at(request, point, Action.RESET));
            try {
                faulty().delete(List.of(KEY));
            } catch (SnapshotException e) {
                assertThat(e.kind()).isEqualTo(Kind.TRANSIENT);
            }
            hit = proxy().hits() > 0;
            proxy().disarm();
            if (direct().stat(KEY).isPresent()) {
                assertThat(read(direct())).isEqualTo(content());
                direct().delete(List.of(KEY));
            }
            sweep();
            assertThat(container.segments()).as("request %s", request).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void whatIsListedIsAllOrAFault(Point point) {
        direct().put(KEY, ByteBuffer.allocate(1), PublishMode.REPLACE, UploadOptions.ofDefaults());
        try (UploadSession open = direct().beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults())) {
            UploadSession same = faulty().resumeUpload(open.token());
            PartReceipt part = open.putPart(1, ByteBuffer.allocate(10));
            for (Action action : List.of(Action.RESET, Action.CLOSE)) {
                struck(
                                point,
                                action,
                                () -> faulty().list("", Optional.empty(), 10).items())
                        .ifPresent(found -> assertThat(found).hasSize(1));
                struck(
                                point,
                                action,
                                () -> faulty().listUploads("", Optional.empty(), 10)
                                        .items())
                        .ifPresent(found -> assertThat(found).hasSize(1));
                struck(point, action, same::arrived)
                        .ifPresent(found -> assertThat(found).containsExactly(part));
            }
            same.detach();
        }
    }

    @Test
    void aRefusedTokenInTheMiddleOfParallelPartsIsRenewedOnce() {
        byte[] content = Bytes.random(16 * PART, 16);
        try (UploadSession session = faulty().beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults())) {
            proxy().arm(Fault.answer(7, "401 Unauthorized").among(line -> line.contains("/segments/")));
            List<PartReceipt> parts = new ArrayList<>();
            Crowd.together(4, i -> {
                        List<PartReceipt> mine = new ArrayList<>();
                        for (int number = i + 1; number <= 16; number += 4) {
                            mine.add(session.putPart(number, ByteBuffer.wrap(content, (number - 1) * PART, PART)));
                        }
                        return mine;
                    })
                    .forEach(parts::addAll);
            parts.sort(java.util.Comparator.comparingInt(PartReceipt::number));
            assertThat(proxy().hits()).isEqualTo(1);
            assertThat(proxy().seen())
                    .filteredOn(line -> line.contains("/auth/"))
                    .hasSize(1);
            session.complete(parts, PublishMode.REPLACE);
        }
        assertThat(read(direct())).isEqualTo(content);
    }

    @Test
    void aTokenThatIsRefusedAgainIsRefused() {
        proxy().arm(Fault.answer(1, "401 Unauthorized").fromThenOn().among(line -> !line.contains("/auth/")));
        failing(() -> faulty().stat(KEY), Kind.PERMANENT);
        assertThat(proxy().seen()).hasSize(3);
    }

    /** Without its wish for a pause a 503 is any fault of a server's; 498 is of Swift's own limit of rates. */
    @Test
    void statusesOfItsOwnMeanWhatTheyShould() {
        answered(Kind.THROTTLED, "498 Rate Limited", "Retry-After: 7");
        answered(Kind.TRANSIENT, "503 Unavailable");
        answered(Kind.TRANSIENT, "408 Timeout");
    }
}
