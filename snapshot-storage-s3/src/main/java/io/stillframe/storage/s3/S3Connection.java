package io.stillframe.storage.s3;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.core.client.config.SdkAdvancedClientOption;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.scheme.AuthSchemeOption;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.ProxyConfiguration;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3AsyncClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.auth.scheme.S3AuthSchemeParams;
import software.amazon.awssdk.services.s3.auth.scheme.S3AuthSchemeProvider;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * The SDK's client as this store needs it, with its threads, connections and credentials.
 *
 * <p>The asynchronous client costs about half the processor time of the synchronous ones for an upload, and alone has a time limit on
 * writing. It is told to make each call once: retries belong to the store's users, who know what is idempotent. Nothing is ever sent
 * {@code aws-chunked}, which many servers refuse: checksums are known before a part is sent and go into headers.
 */
final class S3Connection implements AutoCloseable {
    private static final int MOST_THREADS = 4;

    private static final long LONGEST_SHUTDOWN_MILLIS = 5000;

    /** More than the threads that a pool's closing goes through, one after another. */
    private static final int CLOSING_ROUNDS = 8;

    private final SdkEventLoopGroup threads;
    private final S3AsyncClient client;
    private final AwsCredentialsProvider credentials;
    private final Region region;
    private final S3Settings settings;

    S3Connection(S3Settings settings) {
        this.settings = settings;
        this.region = region(settings);
        this.credentials = credentials(settings.credentials());
        this.threads = threads();
        this.client = connect();
    }

    S3AsyncClient client() {
        return client;
    }

    private S3AsyncClient connect() {
        S3AsyncClientBuilder builder = S3AsyncClient.builder()
                .region(region)
                .credentialsProvider(credentials)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .serviceConfiguration(serviceConfiguration())
                .authSchemeProvider(new PayloadAware(S3AuthSchemeProvider.defaultProvider(), settings.signsPayload()))
                .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry())
                        .putAdvancedOption(SdkAdvancedClientOption.USER_AGENT_SUFFIX, "stillframe"))
                .asyncConfiguration(a -> a.advancedOption(
                        SdkAdvancedAsyncClientOption.FUTURE_COMPLETION_EXECUTOR, (Executor) Runnable::run))
                .httpClientBuilder(http());
        settings.endpoint().ifPresent(builder::endpointOverride);
        if (settings.checksums() == PartChecksums.MD5) {
            builder.addPlugin(LegacyMd5Plugin.create());
        }
        return builder.build();
    }

    /** A presigner for the same place; closed by the caller. */
    S3Presigner presigner() {
        S3Presigner.Builder builder = S3Presigner.builder()
                .region(region)
                .credentialsProvider(credentials)
                .serviceConfiguration(serviceConfiguration());
        settings.endpoint().ifPresent(builder::endpointOverride);
        return builder.build();
    }

    @Override
    public void close() {
        client.close();
        letConnectionsClose();
        // The SDK would keep a quiet period of seconds; nothing is under way any more.
        Future<?> ended =
                threads.eventLoopGroup().shutdownGracefully(0, LONGEST_SHUTDOWN_MILLIS, TimeUnit.MILLISECONDS);
        ended.awaitUninterruptibly(LONGEST_SHUTDOWN_MILLIS, TimeUnit.MILLISECONDS);
        if (credentials instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw SnapshotException.permanent("the credentials' source does not close", e);
            }
        }
    }

    /** Closing goes from one thread of the client to another; one that had ended would refuse its part of it, and netty log an error. */
    private void letConnectionsClose() {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LONGEST_SHUTDOWN_MILLIS);
        for (int round = 0; round < CLOSING_ROUNDS; round++) {
            for (EventExecutor thread : threads.eventLoopGroup()) {
                if (!thread.submit(() -> {}).awaitUninterruptibly(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
        }
    }

    private S3Configuration serviceConfiguration() {
        return S3Configuration.builder()
                .pathStyleAccessEnabled(settings.pathStyle())
                // To the SDK this is leave not to hash the payload; without a trailing checksum nothing is sent in
                // chunks.
                .chunkedEncodingEnabled(!settings.signsPayload())
                .expectContinueEnabled(false)
                .build();
    }

    private static SdkEventLoopGroup threads() {
        AtomicInteger count = new AtomicInteger();
        ThreadFactory daemons = task -> {
            Thread thread = new Thread(task, "stillframe-s3-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        return SdkEventLoopGroup.builder()
                .numberOfThreads(Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()))
                .threadFactory(daemons)
                .build();
    }

    private NettyNioAsyncHttpClient.Builder http() {
        NettyNioAsyncHttpClient.Builder http = NettyNioAsyncHttpClient.builder()
                .maxConcurrency(settings.connections())
                .maxPendingConnectionAcquires(100_000)
                .connectionAcquisitionTimeout(settings.requestTimeout())
                .connectionTimeout(settings.connectTimeout())
                .tlsNegotiationTimeout(settings.connectTimeout())
                .readTimeout(settings.stallTimeout())
                .writeTimeout(settings.stallTimeout())
                .tcpKeepAlive(true)
                .eventLoopGroup(threads);
        settings.proxy().ifPresent(proxy -> http.proxyConfiguration(proxyOf(proxy, settings.proxyLogin())));
        settings.caBundle().ifPresent(file -> {
            TrustManager[] trusted = trustManagers(file);
            http.tlsTrustManagersProvider(() -> trusted);
        });
        return http;
    }

    private static ProxyConfiguration proxyOf(URI proxy, Optional<ProxyLogin> login) {
        int port = proxy.getPort();
        if (port < 0) {
            port = proxy.getScheme().equals("https") ? 443 : 80;
        }
        ProxyConfiguration.Builder configuration = ProxyConfiguration.builder();
        login.ifPresent(known ->
                configuration.username(known.user()).password(known.password().get()));
        return configuration
                .scheme(proxy.getScheme())
                .host(proxy.getHost())
                .port(port)
                .useSystemPropertyValues(false)
                .useEnvironmentVariableValues(false)
                .build();
    }

    private static TrustManager[] trustManagers(Path file) {
        try (InputStream pem = Files.newInputStream(file)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int count = 0;
            for (Certificate authority : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                trusted.setCertificateEntry("ca-" + count++, authority);
            }
            if (count == 0) {
                throw SnapshotException.invalid("the CA bundle " + file + " holds no certificate");
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            return factory.getTrustManagers();
        } catch (IOException | GeneralSecurityException e) {
            throw SnapshotException.permanent("the CA bundle " + file + " cannot be read as PEM certificates", e);
        }
    }

    private static Region region(S3Settings settings) {
        if (settings.region().isPresent()) {
            return Region.of(settings.region().get());
        }
        if (settings.endpoint().isPresent()) {
            return Region.US_EAST_1;
        }
        try {
            return DefaultAwsRegionProviderChain.builder().build().getRegion();
        } catch (SdkClientException e) {
            throw new SnapshotException(
                    Kind.INVALID, "no region is known for bucket " + settings.bucket() + "; give it, or AWS_REGION", e);
        }
    }

    private static AwsCredentialsProvider credentials(S3Credentials credentials) {
        if (credentials instanceof S3Credentials.Callback callback) {
            return () -> keys(callback);
        }
        if (credentials instanceof S3Credentials.Profile profile) {
            ProfileCredentialsProvider.Builder builder =
                    ProfileCredentialsProvider.builder().profileName(profile.name());
            profile.file()
                    .ifPresent(file -> builder.profileFile(ProfileFile.builder()
                            .content(file)
                            .type(ProfileFile.Type.CREDENTIALS)
                            .build()));
            return builder.build();
        }
        if (credentials instanceof S3Credentials.Anonymous) {
            return AnonymousCredentialsProvider.create();
        }
        return DefaultCredentialsProvider.builder().build();
    }

    private static AwsCredentials keys(S3Credentials.Callback callback) {
        S3Credentials.Keys keys;
        try {
            keys = callback.keys().get();
        } catch (RuntimeException e) {
            // Neither its message nor its cause: either may hold what must stay secret.
            throw SnapshotException.permanent(
                    "the credentials' callback failed with " + e.getClass().getSimpleName(), null);
        }
        return keys.sessionToken().isPresent()
                ? AwsSessionCredentials.create(
                        keys.accessKey(), keys.secretKey(), keys.sessionToken().get())
                : AwsBasicCredentials.create(keys.accessKey(), keys.secretKey());
    }

    /** The default choice of a signer, told whether to hash the payload also where the SDK would not. */
    private record PayloadAware(S3AuthSchemeProvider chosen, boolean sign) implements S3AuthSchemeProvider {
        @Override
        public List<AuthSchemeOption> resolveAuthScheme(S3AuthSchemeParams parameters) {
            List<AuthSchemeOption> options = chosen.resolveAuthScheme(parameters);
            if (!sign) {
                return options;
            }
            return options.stream()
                    .map(option -> option.toBuilder()
                            .putSignerProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, true)
                            .build())
                    .toList();
        }
    }
}
