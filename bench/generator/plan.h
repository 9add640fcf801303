/* What to do, as the driver wrote it: one `key value` per line; texts are in hex. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>

#include "template.h"

#define STEPS_MAX 16

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
    struct lines tokens, rooms;
    struct script script, link_script;
    struct template message;
    struct bytes ack;
    uint64_t first_seq;
    unsigned slow_every;
    double slow_seconds, settle_seconds; /* settle: how long is waited for what is on its way when a run ends */
};

void plan_read(struct plan *plan, const char *path);

#endif
