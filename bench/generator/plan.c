#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stamps.h"

static struct lines read_lines(const char *path) {
    struct lines lines = {NULL, 0};
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    if (!file) perror(path), exit(64);
    while ((length = getline(&line, &capacity, file)) > 0) {
        line[strcspn(line, "\n")] = 0;
        lines.items = realloc(lines.items, (lines.count + 1) * sizeof *lines.items);
        lines.items[lines.count++] = strdup(line);
    }
    free(line);
    fclose(file);
    return lines;
}

static struct step *new_step(struct script *script) {
    if (script->count == STEPS_MAX) exit(64);
    return &script->steps[script->count++];
}

static void add_say(struct script *script, const char *hex) {
    struct step *step = new_step(script);
    step->speaks = true;
    step->say = template_from_hex(hex);
}

/* Belongs to what was said last, unless that is already waited for. */
static void add_expect(struct script *script, const char *hex) {
    struct step *last = script->count ? &script->steps[script->count - 1] : NULL;
    if (!last || last->expect.length) last = new_step(script);
    last->expect = bytes_from_hex(hex);
}

static void apply(struct plan *plan, const char *key, const char *value) {
    if (!strcmp(key, "host")) snprintf(plan->host, sizeof plan->host, "%s", value);
    else if (!strcmp(key, "port")) plan->port = (unsigned)atoi(value);
    else if (!strcmp(key, "websocket")) plan->websocket = atoi(value) != 0;
    else if (!strcmp(key, "sockets")) plan->sockets = (unsigned)atoi(value);
    else if (!strcmp(key, "members")) plan->members = (unsigned)atoi(value);
    else if (!strcmp(key, "rooms_each")) plan->rooms_each = (unsigned)atoi(value);
    else if (!strcmp(key, "owed")) plan->owed = (unsigned)atoi(value);
    else if (!strcmp(key, "parallel")) plan->parallel = (unsigned)atoi(value);
    else if (!strcmp(key, "tokens")) plan->tokens = read_lines(value);
    else if (!strcmp(key, "rooms")) plan->rooms = read_lines(value);
    else if (!strcmp(key, "say")) add_say(&plan->script, value);
    else if (!strcmp(key, "expect")) add_expect(&plan->script, value);
    else if (!strcmp(key, "link_port")) plan->link_port = (unsigned)atoi(value);
    else if (!strcmp(key, "link_say")) add_say(&plan->link_script, value);
    else if (!strcmp(key, "link_expect")) add_expect(&plan->link_script, value);
    else if (!strcmp(key, "message")) plan->message = template_from_hex(value);
    else if (!strcmp(key, "ack")) plan->ack = bytes_from_hex(value);
    else if (!strcmp(key, "poll")) plan->poll = template_from_hex(value);
    else if (!strcmp(key, "cursor")) plan->cursor = bytes_from_hex(value);
    else if (!strcmp(key, "first_seq")) plan->first_seq = strtoull(value, NULL, 10);
    else if (!strcmp(key, "slow_every")) plan->slow_every = (unsigned)atoi(value);
    else if (!strcmp(key, "slow_seconds")) plan->slow_seconds = atof(value);
    else if (!strcmp(key, "settle_seconds")) plan->settle_seconds = atof(value);
    else if (!strcmp(key, "connect_seconds")) plan->connect_seconds = atof(value);
    else fprintf(stderr, "unknown key %s\n", key), exit(64);
}

unsigned plan_rooms(const struct plan *plan) { return plan->sockets / plan->members * plan->rooms_each; }

static void check(const struct plan *plan) {
    bool whole_rooms = plan->members && plan->rooms_each && plan->sockets % plan->members == 0;
    if (!whole_rooms || plan_rooms(plan) > SENDERS_MAX || plan->ack.length > STAMP_LENGTH) {
        fprintf(stderr, "sockets must fill at most %d rooms, and an ack is no longer than a stamp\n", SENDERS_MAX);
        exit(64);
    }
}

void plan_read(struct plan *plan, const char *path) {
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "r");
    if (!file) perror(path), exit(64);
    plan->rooms_each = 1;
    plan->connect_seconds = CONNECT_SECONDS;
    while (getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\n")] = 0;
        char *space = strchr(line, ' ');
        if (!space) continue;
        *space = 0;
        apply(plan, line, space + 1);
    }
    free(line);
    fclose(file);
    check(plan);
}
