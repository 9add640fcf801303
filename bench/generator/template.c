#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stamps.h"

#define LONGEST_VALUE 2048 /* of a token, a room or a cursor */

static const struct {
    const char *name;
    enum part_kind kind;
} PLACEHOLDERS[] = {{"{i}", INDEX},         {"{token}", TOKEN}, {"{room}", ROOM},
                    {"{stamp}", STAMP},     {"{nonce}", NONCE}, {"{seq8}", SEQ8},
                    {"{cursor}", CURSOR}};

struct bytes bytes_from_hex(const char *hex) {
    size_t length = strlen(hex) / 2;
    struct bytes bytes = {malloc(length + 1), length};
    for (size_t index = 0; index < length; index++) {
        unsigned value;
        if (sscanf(hex + 2 * index, "%2x", &value) != 1) exit(64);
        bytes.data[index] = (char)value;
    }
    bytes.data[length] = 0;
    return bytes;
}

static void add_part(struct template *template, enum part_kind kind, const char *bytes, size_t length) {
    if (kind == LITERAL && length == 0) return;
    if (template->count == sizeof template->parts / sizeof *template->parts) exit(64);
    template->parts[template->count++] = (struct part){kind, bytes, length};
    template->longest += kind == LITERAL ? length : LONGEST_VALUE;
}

struct template template_from_hex(const char *hex) {
    struct bytes bytes = bytes_from_hex(hex);
    struct template template = {.count = 0};
    const char *start = bytes.data, *at = start, *end = bytes.data + bytes.length;
    while (at < end) {
        size_t matched = 0;
        for (size_t index = 0; *at == '{' && index < sizeof PLACEHOLDERS / sizeof *PLACEHOLDERS; index++) {
            size_t length = strlen(PLACEHOLDERS[index].name);
            if ((size_t)(end - at) < length || memcmp(at, PLACEHOLDERS[index].name, length) != 0) continue;
            add_part(&template, LITERAL, start, (size_t)(at - start));
            add_part(&template, PLACEHOLDERS[index].kind, NULL, 0);
            matched = length;
        }
        at += matched ? matched : 1;
        if (matched) start = at;
    }
    add_part(&template, LITERAL, start, (size_t)(end - start));
    return template;
}

static size_t write_text(char *out, const char *text) {
    size_t length = strlen(text);
    if (length > LONGEST_VALUE) exit(64);
    memcpy(out, text, length);
    return length;
}

static size_t write_big_endian(char *out, uint64_t number) {
    for (int index = 0; index < 8; index++) out[index] = (char)(number >> (56 - 8 * index));
    return 8;
}

static size_t write_part(const struct part *part, const struct context *context, char *out) {
    switch (part->kind) {
    case LITERAL: memcpy(out, part->bytes, part->length); return part->length;
    case INDEX: return (size_t)sprintf(out, "%u", context->index);
    case TOKEN: return write_text(out, context->token);
    case ROOM: return write_text(out, context->room);
    case STAMP: memcpy(out, context->stamp, STAMP_LENGTH); return STAMP_LENGTH;
    case NONCE:
        return (size_t)sprintf(out, "%012llx%04llx%010llx", (unsigned long long)context->run,
                               (unsigned long long)context->sender, (unsigned long long)context->seq);
    case SEQ8: return write_big_endian(out, context->topic_seq);
    case CURSOR: return write_text(out, context->cursor ? context->cursor : "");
    }
    return 0;
}

size_t template_write(const struct template *template, const struct context *context, char *out) {
    size_t length = 0;
    for (int index = 0; index < template->count; index++)
        length += write_part(&template->parts[index], context, out + length);
    return length;
}
