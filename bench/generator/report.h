/* What the driver is told, a line of JSON each. */
#ifndef REPORT_H
#define REPORT_H

#include "opening.h"
#include "traffic.h"

void report_ready(const struct opening *opening);
void report_state(const char *state);
/* Generator's CPU time is that of the measured seconds. */
void report_run(const struct traffic *traffic, double cpu);
void report_check(const struct traffic *traffic);

#endif
