#define _GNU_SOURCE
#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEARD_MAX (1 << 20)

static char scratch[1 << 17];

int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void watch(struct conn *conn, int epoll, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = conn};
    epoll_ctl(epoll, operation, conn->fd, &event);
}

void conn_listen(struct conn *conn, int epoll, bool reading) {
    watch(conn, epoll, EPOLL_CTL_MOD, (reading ? EPOLLIN : 0) | (conn->out_length ? EPOLLOUT : 0));
}

void conn_open(struct conn *conn, const struct plan *plan, int epoll) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1;
    address.sin_port = htons((uint16_t)(conn->is_link ? plan->link_port : plan->port));
    inet_pton(AF_INET, plan->host, &address.sin_addr);
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) perror("socket"), exit(71);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!conn->began) conn->began = now_ns();
    conn->step = 0;
    conn->phase = CONNECTING;
    if (connect(conn->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        perror("connect"), exit(71);
    watch(conn, epoll, EPOLL_CTL_ADD, EPOLLOUT);
}

void conn_close(struct conn *conn) {
    if (conn->phase == CLOSED) return;
    close(conn->fd);
    free(conn->heard);
    free(conn->cursor);
    free(conn->out);
    conn->heard = conn->cursor = conn->out = NULL;
    conn->heard_length = conn->out_length = conn->out_capacity = 0;
    conn->phase = CLOSED;
}

void conn_queue(struct conn *conn, const char *bytes, size_t length) {
    if (conn->out_length + length > conn->out_capacity) {
        conn->out_capacity = 2 * (conn->out_length + length);
        conn->out = realloc(conn->out, conn->out_capacity);
    }
    memcpy(conn->out + conn->out_length, bytes, length);
    conn->out_length += length;
}

/* A client must mask; a mask of zeros leaves the payload as it is. */
static void queue_frame_head(struct conn *conn, size_t length) {
    unsigned char head[14] = {0x81};
    size_t used = 2;
    if (length < 126) head[1] = (unsigned char)(0x80 | length);
    else {
        int bytes = length < 65536 ? 2 : 8;
        head[1] = length < 65536 ? 0xfe : 0xff;
        for (int index = 0; index < bytes; index++) head[used++] = (unsigned char)(length >> 8 * (bytes - 1 - index));
    }
    conn_queue(conn, (char *)head, used + 4);
}

void conn_queue_message(struct conn *conn, const struct plan *plan, const char *bytes, size_t length) {
    if (plan->websocket && !conn->is_link) queue_frame_head(conn, length);
    conn_queue(conn, bytes, length);
}

bool conn_flush(struct conn *conn, int epoll) {
    size_t had = conn->out_length, written = 0;
    while (written < conn->out_length) {
        ssize_t count = send(conn->fd, conn->out + written, conn->out_length - written, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) return false;
        written += (size_t)count;
    }
    memmove(conn->out, conn->out + written, conn->out_length - written);
    conn->out_length -= written;
    if (had && conn->out_length) conn_listen(conn, epoll, !conn->is_slow);
    return true;
}

long conn_turned_away(const struct conn *conn) {
    static const char refusal[] = "HTTP/1.1 503", header[] = "retry-after:";
    bool is_refused = conn->phase == TALKING && conn->heard_length >= strlen(refusal) &&
                      !memcmp(conn->heard, refusal, strlen(refusal));
    char *told = is_refused ? strcasestr(conn->heard, header) : NULL;
    return told ? strtol(told + strlen(header), NULL, 10) : -1;
}

static const struct script *script_of(const struct conn *conn, const struct plan *plan) {
    return conn->is_link ? &plan->link_script : &plan->script;
}

void conn_say(struct conn *conn, const struct plan *plan, const struct template *text) {
    unsigned room = conn->first_room + conn->rooms_told;
    struct context context = {
        .index = conn->index,
        .token = plan->tokens.count ? plan->tokens.items[conn->index % plan->tokens.count] : "",
        .room = plan->rooms.count ? plan->rooms.items[room % plan->rooms.count] : "",
        .cursor = conn->cursor,
    };
    if (text->longest > sizeof scratch) exit(64);
    size_t length = template_write(text, &context, scratch);
    bool is_upgrade = plan->websocket && !conn->is_link && conn->step == 0;
    if (is_upgrade) conn_queue(conn, scratch, length);
    else conn_queue_message(conn, plan, scratch, length);
}

void conn_forget(struct conn *conn, size_t length) {
    conn->heard_length -= length;
    memmove(conn->heard, conn->heard + length, conn->heard_length);
}

static bool has_heard(struct conn *conn, const struct step *step) {
    char *found = memmem(conn->heard, conn->heard_length, step->expect.data, step->expect.length);
    if (found) conn_forget(conn, (size_t)(found - conn->heard) + step->expect.length);
    return found != NULL;
}

bool conn_hear(struct conn *conn, const char *bytes, size_t length) {
    if (conn->heard_length + length > HEARD_MAX) return false;
    conn->heard = realloc(conn->heard, conn->heard_length + length + 1);
    memcpy(conn->heard + conn->heard_length, bytes, length);
    conn->heard_length += length;
    conn->heard[conn->heard_length] = 0;
    return true;
}

/* The last step is played once for every room. */
static void next_step(struct conn *conn, const struct plan *plan, const struct script *script) {
    bool is_last = conn->step == script->count - 1 && !conn->is_link;
    if (is_last && ++conn->rooms_told < plan->rooms_each) return;
    conn->step++;
}

static void end_script(struct conn *conn, const struct plan *plan) {
    conn->rooms_told = 0;
    conn->phase = conn->is_link || (!plan->owed && !plan->poll.count) ? READY : CATCHING_UP;
}

bool conn_talk(struct conn *conn, const struct plan *plan, const char *bytes, size_t length) {
    const struct script *script = script_of(conn, plan);
    if (!conn_hear(conn, bytes, length)) return false;
    if (conn->phase == CONNECTING) {
        conn->phase = TALKING;
        if (script->count && script->steps[0].speaks) conn_say(conn, plan, &script->steps[0].say);
    }
    while (conn->step < script->count) {
        if (script->steps[conn->step].expect.length && !has_heard(conn, &script->steps[conn->step])) return true;
        next_step(conn, plan, script);
        if (conn->step < script->count && script->steps[conn->step].speaks)
            conn_say(conn, plan, &script->steps[conn->step].say);
    }
    end_script(conn, plan);
    return true;
}
