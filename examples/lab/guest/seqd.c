/*
 * seqd INTERVAL_MS FILE...: writes record n to the first file, fsyncs, then the next file, fsyncs, then goes on with n+1.
 * At any instant the numbers on the first and the last file therefore differ by 0 or 1, in every consistent capture too.
 * Returns (leaving a child at work) once the first record is durable; progress goes to standard output.
 */
#include "seqfile.h"
#include <stdlib.h>

enum { MAX_FILES = 4, PROGRESS_MS = 500 };

static int fds[MAX_FILES];
static int files;

static void die(const char *what, const char *file, int error) {
    printf("SEQ error: %s %s: %s\n", what, file, strerror(error));
    exit(1);
}

static void write_durably(int fd, const char *r, off_t at) {
    while (pwrite(fd, r, REC, at) != REC || fsync(fd)) {
        printf("SEQ error: write: %s\n", strerror(errno));
        sleep(1);
    }
}

static void write_next(uint64_t n) {
    char r[REC];
    seq_record(r, n);
    for (int i = 0; i < files; i++) write_durably(fds[i], r, seq_offset(n));
}

/* Opens the files and returns the next number to write. */
static uint64_t resume(char **names) {
    struct seqfile s[MAX_FILES];
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < files; i++) {
        if ((fds[i] = open(names[i], O_RDWR | O_CREAT, 0644)) < 0) die("open", names[i], errno);
        int error = seq_scan(fds[i], &s[i]);
        if (error) die("read", names[i], error);
        if (lseek(fds[i], 0, SEEK_END) < FILE_SIZE && (error = seq_create(fds[i]))) die("create", names[i], error);
        printf("SEQ file %s first=%llu max=%llu gaps=%llu bad=%llu\n", names[i], (unsigned long long) s[i].first,
               (unsigned long long) s[i].max, (unsigned long long) s[i].gaps, (unsigned long long) s[i].bad);
        if (s[i].max > high) high = s[i].max;
        if (s[i].max && s[i].max < low) low = s[i].max;
    }
    int mismatch = high && high - low > 1;
    if (mismatch) printf("SEQ mismatch: the disks are not of one point in time\n");
    /* After a hard stop between two files the last number is written once more, so that no file has a gap. */
    uint64_t next = high == 0 ? 1 : mismatch ? high + 1 : low + 1;
    for (int i = 0; i < files; i++) {
        if (s[i].max && !mismatch) continue;
        char r[REC];
        seq_header(r, next);
        if (mismatch && seq_create(fds[i])) die("create", names[i], EIO);
        write_durably(fds[i], r, 0);
    }
    return next;
}

static uint64_t milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

static void run(uint64_t n, unsigned interval_ms) {
    uint64_t told = milliseconds();
    for (;; n++) {
        usleep(interval_ms * 1000);
        write_next(n);
        if (milliseconds() - told >= PROGRESS_MS) {
            told = milliseconds();
            printf("SEQ %llu\n", (unsigned long long) n);
        }
    }
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    files = argc - 2;
    if (files < 1 || files > MAX_FILES) {
        fprintf(stderr, "usage: seqd INTERVAL_MS FILE... (at most %d)\n", MAX_FILES);
        return 2;
    }
    uint64_t n = resume(argv + 2);
    write_next(n);
    printf("SEQ %llu\n", (unsigned long long) n);
    if (fork() != 0) return 0;
    run(n + 1, (unsigned) atoi(argv[1]));
}
