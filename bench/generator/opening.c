#include "opening.h"

#include <stdlib.h>

#define SECOND 1000000000LL

void opening_begin(struct opening *opening, const struct plan *plan, struct conn *conns, int epoll) {
    *opening = (struct opening){.plan = plan, .conns = conns, .epoll = epoll, .began = now_ns()};
    opening->waiting = calloc(plan->sockets, sizeof *opening->waiting);
}

static void open_returning(struct opening *opening) {
    int64_t now = now_ns();
    for (unsigned index = 0; index < opening->waiting_count;) {
        struct conn *conn = opening->waiting[index];
        if (conn->returns_at > now) {
            index++;
            continue;
        }
        conn_open(conn, opening->plan, opening->epoll);
        opening->waiting[index] = opening->waiting[--opening->waiting_count];
    }
}

void opening_go_on(struct opening *opening) {
    if (opening->waiting_count) open_returning(opening);
    while (opening->opened < opening->plan->sockets &&
           opening->opened - opening->ready - opening->failed < opening->plan->parallel)
        conn_open(&opening->conns[opening->opened++], opening->plan, opening->epoll);
}

void opening_note_ready(struct opening *opening, const struct conn *conn) {
    int64_t now = now_ns();
    histogram_add(&opening->handshake, now - conn->began);
    opening->ready++;
    for (unsigned index = 0; index < 4; index++)
        if (opening->ready == (opening->plan->sockets * (index + 1) + 3) / 4) opening->quarter[index] = now - opening->began;
}

/* Printable, so that it can stand in a line of JSON. */
static void keep_words(struct opening *opening, const struct conn *conn) {
    size_t most = sizeof opening->first_failure - 1, length = conn->heard_length < most ? conn->heard_length : most;
    for (size_t index = 0; conn->heard && index < length; index++) {
        char byte = conn->heard[index];
        opening->first_failure[index] = byte < ' ' || byte > '~' || byte == '"' || byte == '\\' ? ' ' : byte;
    }
}

void opening_note_refusal(struct opening *opening, struct conn *conn) {
    long away = conn_turned_away(conn);
    if (away < 0) {
        if (!opening->failed++) keep_words(opening, conn);
        return;
    }
    opening->turned_away++;
    conn->returns_at = now_ns() + away * SECOND;
    opening->waiting[opening->waiting_count++] = conn;
}

bool opening_has_ended(struct opening *opening) {
    int64_t spent = now_ns() - opening->began;
    unsigned missing = opening->plan->sockets - opening->ready;
    if (spent > (int64_t)(opening->plan->connect_seconds * 1e9)) opening->failed = missing ? missing : 1; /* a link is */
    opening->seconds = (double)spent / 1e9;
    return opening->failed || opening->ready == opening->plan->sockets;
}
