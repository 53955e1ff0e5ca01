/*
 * seqcheck FILE...        prints one line of facts per sequence file; exit 0 when none has a gap or a bad record
 * seqcheck --blank FILE   creates a blank sequence file
 */
#include "seqfile.h"
#include <stdlib.h>

static int fail(const char *file, int error) {
    fprintf(stderr, "seqcheck: %s: %s\n", file, strerror(error));
    return 2;
}

static int blank(const char *file) {
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) return fail(file, errno);
    int error = seq_create(fd);
    close(fd);
    return error ? fail(file, error) : 0;
}

static int check(const char *file) {
    struct seqfile s;
    int fd = open(file, O_RDONLY);
    if (fd < 0) return fail(file, errno);
    int error = seq_scan(fd, &s);
    close(fd);
    if (error) return fail(file, error);
    printf("first=%llu max=%llu records=%llu gaps=%llu bad=%llu\n", (unsigned long long) s.first,
           (unsigned long long) s.max, (unsigned long long) s.records, (unsigned long long) s.gaps,
           (unsigned long long) s.bad);
    return s.gaps || s.bad ? 1 : 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--blank")) return blank(argv[2]);
    if (argc < 2) {
        fprintf(stderr, "usage: seqcheck FILE... | seqcheck --blank FILE\n");
        return 2;
    }
    int worst = 0;
    for (int i = 1; i < argc; i++) {
        int rc = check(argv[i]);
        if (rc > worst) worst = rc;
    }
    return worst;
}
