/* The time in which all sockets get ready: who is next, who was turned away for now, who failed. */
#ifndef OPENING_H
#define OPENING_H

#include "conn.h"
#include "histogram.h"

struct opening {
    const struct plan *plan;
    struct conn *conns;
    int epoll;
    int64_t began;
    unsigned opened, ready, failed;
    unsigned turned_away;  /* refusals with a time to come back at, which is obeyed */
    struct conn **waiting; /* until that time */
    unsigned waiting_count;
    double seconds;
    int64_t quarter[4]; /* when so many quarters of the sockets were ready */
    struct histogram handshake;
    char first_failure[200];
};

void opening_begin(struct opening *opening, const struct plan *plan, struct conn *conns, int epoll);
/* Opens what may be opened now: as many at once as the plan says, and those whose time has come. */
void opening_go_on(struct opening *opening);
void opening_note_ready(struct opening *opening, const struct conn *conn);
/* A socket was closed before it was ready: it comes back later when it was told to, else it has failed. */
void opening_note_refusal(struct opening *opening, struct conn *conn);
/* Whether all are ready, or one has failed, or the time is over, which fails the rest. */
bool opening_has_ended(struct opening *opening);

#endif
