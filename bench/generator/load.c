/* The load generator: one thread, epoll, many sockets. `load PLAN [CORE]`; see bench/README.md.
 *
 * It opens every socket, prints {"state":"ready",...}, then obeys lines on standard input:
 *   run WINDOW RATE WARM SECONDS    WINDOW messages in flight per room, or, with WINDOW 0, RATE messages per second in all
 *   stop                            ends the run that goes on now
 *   check SECONDS                   reads on for so long, then tells what was out of place since the sockets were opened
 *   end
 * A run prints {"state":"measuring"}, {"state":"measured"} and {"state":"done",...}. Exit code 3: a run lost, doubled or swapped
 * a message; such a run has no speed. Exit code 2: not every socket got ready.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "poll.h"
#include "report.h"

#define EVENTS_MAX 1024
#define READ_MAX (1 << 18)
#define SECOND 1000000000LL
#define MILLISECOND 1000000LL
#define LONGEST_LOOK (10 * MILLISECOND)

static struct plan plan;
static struct traffic traffic;
static struct conn *links;
static struct opening opening;
static unsigned links_ready;
static int epoll_fd;
static bool has_violations;
static char buffer[CARRY_MAX + READ_MAX];

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static double own_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/* --- Opening -------------------------------------------------------------------------------------------------------- */

static void drop(struct conn *conn) {
    if (conn->phase == CLOSED) return;
    if (conn->phase < READY) opening_note_refusal(&opening, conn);
    else if (conn->is_slow) traffic.slow_closed++;
    else traffic.closed++;
    conn_close(conn);
}

static void note_ready(const struct conn *conn) {
    if (conn->is_link) links_ready++;
    else opening_note_ready(&opening, conn);
}

static bool has_caught_up(const struct conn *conn) {
    return traffic_has_caught_up(&traffic, conn) && (!plan.poll.count || conn->cursor);
}

/* `bytes` begins with what was carried from the last read. */
static void take(struct conn *conn, char *bytes, size_t length) {
    size_t carried = conn->carried;
    int64_t now = now_ns();
    traffic_take(&traffic, conn, bytes, carried, length, now);
    bool polls = plan.poll.count && !conn->is_link;
    if (polls && (!poll_take(conn, &plan, bytes + carried, length - carried) || !conn_flush(conn, epoll_fd))) {
        drop(conn);
        return;
    }
    if (conn->phase == CATCHING_UP && has_caught_up(conn)) {
        conn->phase = READY;
        note_ready(conn);
    }
}

/* What came with the last of the script may be the first of what is owed. */
static void end_talk(struct conn *conn) {
    char *rest = conn->heard;
    size_t length = conn->heard_length;
    conn->heard = NULL;
    conn->heard_length = 0;
    if (conn->phase == READY) note_ready(conn);
    else if (length) take(conn, rest, length);
    free(rest);
}

static void talk(struct conn *conn, const char *bytes, size_t length) {
    if (!conn_talk(conn, &plan, bytes, length) || !conn_flush(conn, epoll_fd)) {
        drop(conn);
        return;
    }
    if (conn->phase != TALKING) end_talk(conn);
    if (conn->phase != CLOSED) conn_listen(conn, epoll_fd, true);
}

/* --- Events --------------------------------------------------------------------------------------------------------- */

static void read_some(struct conn *conn) {
    memcpy(buffer, conn->carry, conn->carried);
    ssize_t count = recv(conn->fd, buffer + conn->carried, READ_MAX, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) drop(conn);
    else if (conn->phase == TALKING) talk(conn, buffer, (size_t)count);
    else take(conn, buffer, conn->carried + (size_t)count);
}

static void handle(struct conn *conn, uint32_t events) {
    if (conn->phase == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) drop(conn);
        else talk(conn, "", 0);
        return;
    }
    if (conn->phase != CLOSED && (events & EPOLLOUT)) {
        if (!conn_flush(conn, epoll_fd)) drop(conn);
        else if (!conn->out_length) conn_listen(conn, epoll_fd, !conn->is_slow);
    }
    if (conn->phase != CLOSED && conn->is_slow && (events & (EPOLLHUP | EPOLLERR))) drop(conn);
    else if (conn->phase != CLOSED && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) read_some(conn);
}

static void flush_dirty(void) {
    for (unsigned index = 0; index < traffic.dirty_count; index++) {
        struct conn *conn = traffic.dirty[index];
        conn->is_dirty = false;
        if (conn->phase == READY && !conn_flush(conn, epoll_fd)) drop(conn);
    }
    traffic.dirty_count = 0;
}

/* One look at the sockets. False: there is something on standard input. Waits are exact to microseconds, and never spun away: in
 * some works the servers share this core. */
static bool look(int64_t wait_ns) {
    static struct epoll_event events[EVENTS_MAX];
    bool has_order = false;
    struct pollfd ready = {.fd = epoll_fd, .events = POLLIN};
    struct timespec wait = {.tv_sec = wait_ns / SECOND, .tv_nsec = wait_ns % SECOND};
    ppoll(&ready, 1, &wait, NULL);
    int count = epoll_wait(epoll_fd, events, EVENTS_MAX, 0);
    for (int index = 0; index < count; index++) {
        if (events[index].data.ptr) handle(events[index].data.ptr, events[index].events);
        else has_order = true;
    }
    return !has_order;
}

/* --- Runs ----------------------------------------------------------------------------------------------------------- */

/* Slow sockets stop reading when the run begins and are not counted among the readers; what they get is not checked. */
static void set_slow(bool slow) {
    for (unsigned index = 0; plan.slow_every && index < plan.sockets; index += plan.slow_every) {
        struct conn *conn = &traffic.conns[index];
        if (conn == traffic.rooms[conn->first_room].publisher || conn->phase != READY) continue;
        for (unsigned each = 0; slow && !conn->is_slow && each < plan.rooms_each; each++)
            traffic.rooms[conn->first_room + each].readers--;
        conn->is_slow = true;
        conn_listen(conn, epoll_fd, !slow);
    }
}

/* Sends what is due by now; returns for how many nanoseconds the loop may sleep. */
static int64_t send_due(int64_t begin, double rate, uint64_t *due, int64_t now) {
    int64_t next;
    while ((next = begin + (int64_t)((double)*due * 1e9 / rate)) <= now) {
        traffic_send(&traffic, &traffic.rooms[*due % traffic.room_count], next);
        ++*due;
    }
    return next - now;
}

/* A run obeys nothing else; when the driver has gone, there is nobody left to run for. */
static bool is_told_to_stop(void) {
    char line[20];
    ssize_t length = read(STDIN_FILENO, line, sizeof line);
    if (length <= 0) exit(1);
    return length >= 4 && !memcmp(line, "stop", 4);
}

static void run(unsigned window, double rate, double warm, double seconds) {
    int64_t begin = now_ns(), slow_until = begin + (int64_t)(plan.slow_seconds * 1e9), now;
    bool is_slow = plan.slow_every > 0, is_measuring = false;
    double cpu_before = 0, cpu = 0;
    uint64_t due = 0;
    traffic.measure_from = begin + (int64_t)(warm * 1e9);
    traffic.measure_until = traffic.measure_from + (int64_t)(seconds * 1e9);
    set_slow(is_slow);
    traffic_begin(&traffic, window);
    while ((now = now_ns()) < traffic.measure_until) {
        int64_t sleep_ns = window ? LONGEST_LOOK : send_due(begin, rate, &due, now);
        if (window) traffic_fill(&traffic);
        flush_dirty();
        if (!look(sleep_ns < LONGEST_LOOK ? sleep_ns : LONGEST_LOOK) && is_told_to_stop()) traffic.measure_until = now_ns();
        if (!is_measuring && now >= traffic.measure_from) {
            is_measuring = true;
            cpu_before = own_cpu();
            report_state("measuring");
        }
        if (is_slow && now >= slow_until) set_slow(is_slow = false);
    }
    cpu = own_cpu() - cpu_before;
    report_state("measured");
    if (!window) send_due(begin, rate, &due, traffic.measure_until - 1); /* an open loop skips nothing, however late it is */
    while (!traffic_is_settled(&traffic) && now_ns() < now + (int64_t)(plan.settle_seconds * SECOND)) {
        flush_dirty();
        look(LONGEST_LOOK);
    }
    traffic_end(&traffic);
    report_run(&traffic, cpu);
    has_violations |= traffic.lost || traffic.doubled || traffic.swapped || traffic.strays || traffic.closed;
}

static void check(double seconds) {
    int64_t until = now_ns() + (int64_t)(seconds * 1e9);
    while (now_ns() < until) look(LONGEST_LOOK);
    traffic_end(&traffic);
    report_check(&traffic);
}

/* --- Start ---------------------------------------------------------------------------------------------------------- */

static void prepare(void) {
    unsigned rooms = plan_rooms(&plan);
    struct reading *readings = calloc((size_t)plan.sockets * plan.rooms_each, sizeof *readings);
    traffic.plan = &plan;
    traffic.room_count = rooms;
    traffic.run = (uint64_t)now_ns() / 1000 & 0xffffffffffff;
    traffic.conns = calloc(plan.sockets, sizeof *traffic.conns);
    traffic.rooms = calloc(rooms, sizeof *traffic.rooms);
    traffic.waiting = calloc(rooms, sizeof *traffic.waiting);
    traffic.dirty = calloc(rooms, sizeof *traffic.dirty);
    links = calloc(rooms, sizeof *links);
    for (unsigned index = 0; index < plan.sockets; index++) {
        traffic.conns[index].index = index;
        traffic.conns[index].first_room = index / plan.members * plan.rooms_each;
        traffic.conns[index].readings = readings + (size_t)index * plan.rooms_each;
    }
    for (unsigned index = 0; index < rooms; index++) {
        links[index] = (struct conn){.index = index, .first_room = index, .is_link = true};
        struct conn *first_member = &traffic.conns[index / plan.rooms_each * plan.members];
        struct conn *publisher = plan.link_port ? &links[index] : first_member;
        traffic.rooms[index] =
            (struct room){.index = index, .readers = plan.members, .publisher = publisher, .sent = plan.owed};
    }
}

static bool open_all(void) {
    unsigned link_count = plan.link_port ? traffic.room_count : 0;
    opening_begin(&opening, &plan, traffic.conns, epoll_fd);
    for (unsigned index = 0; index < link_count; index++) conn_open(&links[index], &plan, epoll_fd);
    while (!opening_has_ended(&opening) || (links_ready < link_count && !opening.failed)) {
        opening_go_on(&opening);
        look(100 * MILLISECOND);
    }
    report_ready(&opening);
    return opening.failed == 0;
}

/* Reads one order from standard input; a line is at most as long as a pipe writes at once. */
static bool obey(void) {
    char line[200];
    unsigned window;
    double rate, warm, seconds;
    ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);
    if (length <= 0) return false;
    line[length] = 0;
    char *order = line;
    while (!strncmp(order, "stop\n", 5)) order += 5; /* the run had ended by itself */
    if (sscanf(order, "check %lf", &seconds) == 1) check(seconds);
    else if (sscanf(order, "run %u %lf %lf %lf", &window, &rate, &warm, &seconds) == 4) run(window, rate, warm, seconds);
    else return !*order;
    return true;
}

static void use_core(const char *core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(atoi(core), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

int main(int count, char **arguments) {
    struct rlimit files;
    struct epoll_event standard_input = {.events = EPOLLIN};
    if (count < 2) return 64;
    signal(SIGPIPE, SIG_IGN);
    if (count > 2) use_core(arguments[2]);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    plan_read(&plan, arguments[1]);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    prepare();
    if (!open_all()) return 2;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &standard_input);
    while (look(SECOND) || obey()) continue;
    return has_violations ? 3 : 0;
}
