/* One TCP connection, plain or WebSocket: opening, its script, and writing without waiting. */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

#define CARRY_MAX 64

enum phase { CLOSED, CONNECTING, TALKING, READY };

struct conn {
    int fd;
    enum phase phase;
    unsigned index, room;
    bool is_link, is_slow, is_dirty;
    int step;
    int64_t began;
    char *heard; /* of the script's current step */
    size_t heard_length;
    char *out;
    size_t out_length, out_capacity;
    char carry[CARRY_MAX]; /* the end of what was read last: a stamp may go on in the next read */
    size_t carried;
    uint64_t expected, missing;
};

int64_t now_ns(void);
void conn_open(struct conn *conn, const struct plan *plan, int epoll);
void conn_close(struct conn *conn);
void conn_queue(struct conn *conn, const char *bytes, size_t length);
void conn_queue_message(struct conn *conn, const struct plan *plan, const char *bytes, size_t length);
/* Writes what is queued; the kernel tells when the rest can go. False: the connection is broken. */
bool conn_flush(struct conn *conn, int epoll);
/* Plays the script as far as what was heard allows. False: refused. */
bool conn_talk(struct conn *conn, const struct plan *plan, const char *bytes, size_t length);
void conn_listen(struct conn *conn, int epoll, bool reading);

#endif
