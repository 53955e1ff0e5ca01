/*
 * The sequence file that proves a capture: a header block, then a ring of fixed-size records.
 *
 * Header (first 4096 bytes): one line "SEQ-FIRST <n> CRC <crc>", n being the first number ever written to this file.
 * Ring: SLOTS records of REC bytes; record n lies in slot n % SLOTS. A slot never written holds the blank pattern, not
 * zeros, so that a block lost by a capture shows up as a bad record instead of an empty one.
 */
#ifndef SEQFILE_H
#define SEQFILE_H
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REC = 64, SLOTS = 16384, HEADER = 4096, FILE_SIZE = HEADER + SLOTS * REC };

struct seqfile {
    uint64_t first;   /* first number ever written; 0 = nothing written yet */
    uint64_t max;     /* highest number found; 0 = none */
    uint64_t records; /* valid records */
    uint64_t bad;     /* damaged records, damaged lines of the header, a short file */
    uint64_t gaps;    /* numbers missing between the oldest that the ring must hold and max */
};

static inline uint32_t seq_crc(const char *p, size_t n) {
    uint32_t c = ~0u;
    while (n--) {
        c ^= (unsigned char) *p++;
        for (int k = 0; k < 8; k++) c = (c >> 1) ^ (0xEDB88320u & -(c & 1));
    }
    return ~c;
}

static inline void seq_blank(char *r) {
    memset(r, '.', REC);
    r[REC - 1] = '\n';
}

static inline int seq_is_blank(const char *r) {
    char blank[REC];
    seq_blank(blank);
    return memcmp(r, blank, REC) == 0;
}

/* Text, then " CRC xxxxxxxx" over it, then filler up to REC bytes. */
static inline void seq_seal(char *r, const char *text) {
    size_t n = strlen(text);
    char crc[16];
    seq_blank(r);
    memcpy(r, text, n);
    memcpy(r + n, crc, (size_t) snprintf(crc, sizeof crc, " CRC %08x", seq_crc(text, n)));
}

static inline int seq_is_sealed(const char *r, size_t n) {
    char crc[16];
    snprintf(crc, sizeof crc, " CRC %08x", seq_crc(r, n));
    return memcmp(r + n, crc, 13) == 0;
}

static inline void seq_record(char *r, uint64_t n) {
    struct timespec t;
    char text[REC];
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(text, sizeof text, "SEQ %016llu NS %019llu", (unsigned long long) n,
             (unsigned long long) t.tv_sec * 1000000000ull + (unsigned long long) t.tv_nsec);
    seq_seal(r, text);
}

static inline void seq_header(char *r, uint64_t first) {
    char text[REC];
    snprintf(text, sizeof text, "SEQ-FIRST %016llu", (unsigned long long) first);
    seq_seal(r, text);
}

/* The number in a valid line of `text_length` bytes before its CRC, or 0. */
static inline uint64_t seq_number(const char *r, const char *format, size_t text_length) {
    unsigned long long n;
    char line[REC + 1];
    memcpy(line, r, REC);
    line[REC] = 0;
    return sscanf(line, format, &n) == 1 && seq_is_sealed(r, text_length) ? n : 0;
}

static inline off_t seq_offset(uint64_t n) {
    return HEADER + (off_t) (n % SLOTS) * REC;
}

/* Fills *s from the file; returns 0, or an errno when it cannot be read. */
static inline int seq_scan(int fd, struct seqfile *s) {
    static char buf[FILE_SIZE];
    static uint64_t number[SLOTS];
    size_t got = 0;
    ssize_t n;
    memset(s, 0, sizeof *s);
    memset(number, 0, sizeof number);
    while (got < FILE_SIZE && (n = pread(fd, buf + got, FILE_SIZE - got, (off_t) got)) != 0) {
        if (n < 0) return errno;
        got += (size_t) n;
    }
    if (got < FILE_SIZE) {
        s->bad++;
        return 0;
    }
    for (size_t i = REC; i < HEADER; i += REC)
        if (!seq_is_blank(buf + i)) s->bad++;
    if (!seq_is_blank(buf) && !(s->first = seq_number(buf, "SEQ-FIRST %16llu", 26))) s->bad++;
    for (uint64_t i = 0; i < SLOTS; i++) {
        const char *r = buf + HEADER + i * REC;
        if (seq_is_blank(r)) continue;
        uint64_t v = seq_number(r, "SEQ %16llu", 43);
        if (!v || v % SLOTS != i || !s->first || v < s->first) {
            s->bad++;
            continue;
        }
        number[i] = v;
        s->records++;
        if (v > s->max) s->max = v;
    }
    if (!s->max) return 0;
    uint64_t low = s->max >= s->first + SLOTS ? s->max - SLOTS + 1 : s->first;
    for (uint64_t v = low; v <= s->max; v++)
        if (number[v % SLOTS] != v) s->gaps++;
    return 0;
}

/* (Re)writes the whole file blank and durable; returns 0 or an errno. */
static inline int seq_create(int fd) {
    static char buf[FILE_SIZE];
    for (size_t i = 0; i < FILE_SIZE; i += REC) seq_blank(buf + i);
    return pwrite(fd, buf, FILE_SIZE, 0) == FILE_SIZE && fsync(fd) == 0 ? 0 : errno ? errno : EIO;
}
#endif
