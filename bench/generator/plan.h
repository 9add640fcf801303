/* What to do, as the driver wrote it: one `key value` per line; texts are in hex. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>

#include "template.h"

#define STEPS_MAX 32
#define CONNECT_SECONDS 240

struct step {
    bool speaks;
    struct template say;
    struct bytes expect; /* empty: go on at once */
};

struct script {
    struct step steps[STEPS_MAX];
    int count;
};

struct lines {
    char **items;
    unsigned count;
};

struct plan {
    char host[64];
    unsigned port, link_port; /* link_port 0: members publish through their own socket */
    bool websocket;
    unsigned sockets, members, parallel;
    unsigned rooms_each; /* rooms of one socket; the last step of the script is then played for each of them */
    unsigned owed;       /* stamped messages that a socket must have read, in order, before it counts as ready */
    struct lines tokens, rooms;
    struct script script, link_script;
    struct template message;
    struct bytes ack;
    struct template poll; /* asked after every answer, by sockets that poll over HTTP; empty: nobody polls */
    struct bytes cursor;  /* what stands in an answer before the cursor of the next question; a quote ends it */
    uint64_t first_seq;
    unsigned slow_every;
    double slow_seconds, settle_seconds; /* settle: how long is waited for what is on its way when a run ends */
    double connect_seconds;
};

void plan_read(struct plan *plan, const char *path);
unsigned plan_rooms(const struct plan *plan);

#endif
