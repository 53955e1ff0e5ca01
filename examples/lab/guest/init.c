/*
 * The guest's first process, in its three roles:
 *   /init in the initramfs: loads the modules, mounts the root disk and hands over to /sbin/init on it;
 *   /sbin/init: mounts the rest, starts the agent and seqd, answers the power button, stops the guest cleanly;
 *   /sbin/{poweroff,reboot,shutdown}: asks /sbin/init to stop.
 * One static binary instead of shell scripts, because every process costs tens of milliseconds under emulation.
 *
 * Kernel arguments: noacpi_btn | reboot_btn, noagent, noseq, seq_ms=N, slow_stop=SECONDS, probe (see README.md).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POWER_OFF = SIGUSR2, REBOOT = SIGTERM, MAX_BUTTONS = 8, STOP_GRACE_MS = 3000 };

static const char AGENT_PORT[] = "org.qemu.guest_agent.0";
static char cmdline[4096];
static int presses;

/* ---- small tools ---- */

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t read_text(const char *file, char *buf, size_t size) {
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, buf, size - 1);
    if (fd >= 0) close(fd);
    buf[n > 0 ? n : 0] = 0;
    buf[strcspn(buf, "\n")] = 0;
    return strlen(buf);
}

/* The value of NAME=VALUE, "" for a bare NAME, NULL when the kernel argument is absent. */
static const char *argument(const char *name) {
    static char copy[sizeof cmdline];
    size_t n = strlen(name);
    strcpy(copy, cmdline);
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
        if (!strncmp(w, name, n) && (w[n] == 0 || w[n] == '=')) return w[n] ? w + n + 1 : "";
    return NULL;
}

static int number_argument(const char *name, int otherwise) {
    const char *v = argument(name);
    return v && *v ? atoi(v) : otherwise;
}

static void use_console(void) {
    int fd = open("/dev/console", O_RDWR);
    for (int i = 0; fd >= 0 && i < 3; i++) dup2(fd, i);
    if (fd > 2) close(fd);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

static pid_t spawn(char *const argv[]) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    execv(argv[0], argv);
    printf("GUEST cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static int run(char *const argv[]) {
    int status = 0;
    pid_t pid = spawn(argv);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

/* ---- role 1: initramfs ---- */

static void load_modules(void) {
    char list[4096], path[256];
    int fd = open("/modules.list", O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, list, sizeof list - 1);
    if (fd >= 0) close(fd);
    list[n > 0 ? n : 0] = 0;
    for (char *m = strtok(list, " \n"); m; m = strtok(NULL, " \n")) {
        snprintf(path, sizeof path, "/modules/%s", m);
        int module = open(path, O_RDONLY | O_CLOEXEC);
        if (module < 0 || (syscall(SYS_finit_module, module, "", 0) && errno != EEXIST))
            printf("GUEST module %s: %s\n", m, strerror(errno));
        if (module >= 0) close(module);
    }
}

static void initramfs(void) {
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/root", 0755);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    use_console();
    mount("proc", "/proc", "proc", 0, NULL);
    read_text("/proc/cmdline", cmdline, sizeof cmdline);
    printf("\nGUEST boot\n");
    if (argument("probe")) {
        reboot(RB_POWER_OFF);
    }
    load_modules();
    const char *root = argument("root");
    char device[64];
    snprintf(device, sizeof device, "%s", root ? root : "/dev/vda");
    for (long end = now_ms() + 10000; mount(device, "/root", "ext4", MS_NOATIME, "noinit_itable");) {
        if (now_ms() > end) {
            printf("GUEST no root: %s: %s\n", device, strerror(errno));
            sleep(1);
            reboot(RB_POWER_OFF);
        }
        pause_ms(5);
    }
    mount("/dev", "/root/dev", NULL, MS_MOVE, NULL);
    mount("/proc", "/root/proc", NULL, MS_MOVE, NULL);
    if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
        printf("GUEST switch root: %s\n", strerror(errno));
    execl("/sbin/init", "/sbin/init", (char *) NULL);
    printf("GUEST no /sbin/init: %s\n", strerror(errno));
    sleep(1);
    reboot(RB_POWER_OFF);
}

/* ---- role 2: init ---- */

static int open_buttons(struct pollfd *p) {
    int n = 0;
    for (int i = 0; i < MAX_BUTTONS; i++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/input/event%d", i);
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) continue;
        p[n].fd = fd;
        p[n++].events = POLLIN;
    }
    return n;
}

static int pressed(const struct pollfd *p, int n) {
    struct input_event e;
    int count = 0;
    for (int i = 0; i < n; i++)
        while (read(p[i].fd, &e, sizeof e) == sizeof e)
            if (e.type == EV_KEY && e.code == KEY_POWER && e.value == 1) count++;
    return count;
}

static int mount_data(void) {
    if (access("/dev/vdb", F_OK)) {
        printf("GUEST no data disk\n");
        return 0;
    }
    if (mount("/dev/vdb", "/data", "ext4", MS_NOATIME, "noinit_itable")) {
        printf("GUEST data disk not mounted: %s\n", strerror(errno));
        return 0;
    }
    return 1;
}

static int find_agent_port(char *device, size_t size) {
    DIR *d = opendir("/sys/class/virtio-ports");
    char path[300], name[64];
    int found = 0;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", e->d_name);
        if (e->d_name[0] != '.' && read_text(path, name, sizeof name) && !strcmp(name, AGENT_PORT)) {
            snprintf(device, size, "/dev/%s", e->d_name);
            found = 1;
        }
    }
    if (d) closedir(d);
    return found;
}

static void start_agent(void) {
    char device[280];
    if (argument("noagent") || !find_agent_port(device, sizeof device)) {
        printf("GUEST no agent\n");
        return;
    }
    char *argv[] = {"/usr/sbin/qemu-ga", "-m", "virtio-serial", "-p", device, "-t", "/run",
                    "-f", "/run/qga.pid", "-l", "/run/qga.log", "-d", NULL};
    printf(run(argv) == 0 ? "GUEST agent started\n" : "GUEST agent failed\n");
}

static void start_seqd(int with_data) {
    if (argument("noseq")) return;
    char ms[16];
    snprintf(ms, sizeof ms, "%d", number_argument("seq_ms", 20));
    char *argv[] = {"/bin/seqd", ms, "/var/seq.bin", with_data ? "/data/seq.bin" : NULL, NULL};
    if (run(argv)) printf("GUEST seqd failed\n");
}

static int children_left(void) {
    int left = 0;
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    if (waitpid(-1, NULL, WNOHANG) == 0) left = 1;
    return left;
}

static void slow_stop(const struct pollfd *buttons, int n) {
    long end = now_ms() + 1000L * number_argument("slow_stop", 0);
    for (long left; (left = end - now_ms()) > 0;) {
        poll((struct pollfd *) buttons, (nfds_t) n, (int) left);
        for (int k = pressed(buttons, n); k > 0; k--) printf("ACPI press %d while stopping\n", ++presses);
    }
}

static void stop(int how, const struct pollfd *buttons, int n) {
    printf("GUEST stopping for %s\n", how == REBOOT ? "reboot" : "power off");
    slow_stop(buttons, n);
    pause_ms(100); /* lets the command that asked for this, and the agent that ran it, end in good order */
    kill(-1, SIGTERM);
    for (long end = now_ms() + STOP_GRACE_MS; children_left() && now_ms() < end;) pause_ms(5);
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0) {}
    sync();
    int data = umount("/data") && errno != EINVAL ? errno : 0;
    int root = mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL) ? errno : 0;
    if (data || root) printf("GUEST unclean shutdown: data: %s, root: %s\n", strerror(data), strerror(root));
    else printf("GUEST clean shutdown\n");
    fflush(stdout);
    pause_ms(20); /* lets the serial port drain */
    reboot(how == REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
}

static void on_press(const struct pollfd *buttons, int n) {
    presses++;
    if (argument("noacpi_btn")) {
        printf("ACPI press %d ignored\n", presses);
        return;
    }
    printf("ACPI press %d obeyed\n", presses);
    stop(argument("reboot_btn") ? REBOOT : POWER_OFF, buttons, n);
}

static void init(void) {
    struct pollfd p[MAX_BUTTONS + 1];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, POWER_OFF);
    sigaddset(&set, REBOOT);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    reboot(RB_DISABLE_CAD);
    setenv("PATH", "/sbin:/usr/sbin:/bin:/usr/bin", 1);
    use_console();
    mount("sys", "/sys", "sysfs", 0, NULL);
    mount("run", "/run", "tmpfs", 0, NULL);
    mount("tmp", "/tmp", "tmpfs", 0, NULL);
    read_text("/proc/cmdline", cmdline, sizeof cmdline);
    printf("GUEST up %ld ms cmdline: %s\n", now_ms(), cmdline);
    int buttons = open_buttons(p);
    p[buttons].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    p[buttons].events = POLLIN;
    printf("ACPI listening on %d devices\n", buttons);
    int with_data = mount_data();
    start_agent();
    start_seqd(with_data);
    printf("GUEST ready %ld ms\n", now_ms());
    for (;;) {
        poll(p, (nfds_t) buttons + 1, -1);
        struct signalfd_siginfo s;
        while (read(p[buttons].fd, &s, sizeof s) == sizeof s) {
            if (s.ssi_signo == SIGCHLD) children_left();
            else stop((int) s.ssi_signo, p, buttons);
        }
        for (int k = pressed(p, buttons); k > 0; k--) on_press(p, buttons);
    }
}

/* ---- role 3: commands; the agent runs `/sbin/shutdown -h|-P|-r ... +0` ---- */

static int command(const char *name, int argc, char **argv) {
    int how = strcmp(name, "reboot") ? POWER_OFF : REBOOT;
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "-r")) how = REBOOT;
    return kill(1, how) ? 1 : 0;
}

int main(int argc, char **argv) {
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    if (getpid() != 1) return command(name, argc, argv);
    if (access("/modules.list", F_OK) == 0) initramfs();
    else init();
    return 1;
}
