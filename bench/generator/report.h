/* What the driver is told, a line of JSON each. */
#ifndef REPORT_H
#define REPORT_H

#include "traffic.h"

struct opening {
    unsigned ready, failed, turned_away; /* turned away: refusals with a time to come back at, which was obeyed */
    double seconds;
    int64_t quarter[4]; /* when so many quarters of the sockets were ready */
    struct histogram handshake;
    char first_failure[200];
};

void report_ready(const struct opening *opening);
void report_state(const char *state);
/* Generator's CPU time is that of the measured seconds. */
void report_run(const struct traffic *traffic, double cpu);
void report_check(const struct traffic *traffic);

#endif
