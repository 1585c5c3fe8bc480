/* Thousands of SNMP devices in one process: the other end of `netmon bench poll`.
 *
 * One UDP socket on the wildcard address answers as every address of [base, base + devices); a reply leaves from the
 * address that was asked (IP_PKTINFO). SNMP v1 and v2c, GET, GETNEXT and GETBULK, any community. What a device says is
 * a pure function of (address, ifIndex, column, step), step being hundredths of a second since the start: its twin is
 * values.py, and the whole answer's twin is agent.py, which runs where there is no compiler. Change all of them or none.
 *
 * A datagram that is no proper request is dropped. Nothing is allocated after the start; whatever is read is checked
 * against the datagram's end, whatever is written against the reply's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

enum { BATCH = 64, MAX_REQUEST = 8192, MAX_LIST = 16000, HEADROOM = 512, MAX_NAME = 127, MAX_ARCS = 128 };
enum { MAX_COMMUNITY = 255, MAX_COLUMNS = 64, VALUE_ROOM = 96 };
enum { GET = 0xA0, GETNEXT = 0xA1, RESPONSE = 0xA2, GETBULK = 0xA5 };
enum { SEQUENCE = 0x30, INTEGER = 0x02, OCTETS = 0x04, OBJECT_ID = 0x06, COUNTER32 = 0x41, GAUGE32 = 0x42 };
enum { TICKS = 0x43, COUNTER64 = 0x46, NO_OBJECT = 0x80, NO_INSTANCE = 0x81, END_OF_VIEW = 0x82 };
enum { TOO_BIG = 1, NO_SUCH_NAME = 2 };

/* ---- what there is to ask for, in the order of a walk ---- */

enum { SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME, SYS_NAME, IF_NUMBER, IF_INDEX, IF_DESCR, IF_TYPE, IF_SPEED, IF_ADMIN,
       IF_OPER, IF_IN, IF_IN_DISCARDS, IF_IN_ERRORS, IF_OUT, IF_OUT_DISCARDS, IF_OUT_ERRORS, IFX_NAME, IFX_IN, IFX_OUT,
       IFX_SPEED, IFX_ALIAS, IFX_DISCONTINUITY, LAST_CHANGE, BOOTS, ENGINE_TIME, OBJECTS };

typedef struct { u8 base[11], arcs, table, wide; } Object; /* every number of these OIDs is one octet */

#define IF_ENTRY 0x2b, 6, 1, 2, 1, 2, 2, 1
#define IFX_ENTRY 0x2b, 6, 1, 2, 1, 31, 1, 1, 1
static const Object object[OBJECTS] = {
    [SYS_DESCR] = {{0x2b, 6, 1, 2, 1, 1, 1}, 7, 0, 0}, [SYS_OBJECT_ID] = {{0x2b, 6, 1, 2, 1, 1, 2}, 7, 0, 0},
    [SYS_UPTIME] = {{0x2b, 6, 1, 2, 1, 1, 3}, 7, 0, 0}, [SYS_NAME] = {{0x2b, 6, 1, 2, 1, 1, 5}, 7, 0, 0},
    [IF_NUMBER] = {{0x2b, 6, 1, 2, 1, 2, 1}, 7, 0, 0}, [IF_INDEX] = {{IF_ENTRY, 1}, 9, 1, 0},
    [IF_DESCR] = {{IF_ENTRY, 2}, 9, 1, 0}, [IF_TYPE] = {{IF_ENTRY, 3}, 9, 1, 0}, [IF_SPEED] = {{IF_ENTRY, 5}, 9, 1, 0},
    [IF_ADMIN] = {{IF_ENTRY, 7}, 9, 1, 0}, [IF_OPER] = {{IF_ENTRY, 8}, 9, 1, 0}, [IF_IN] = {{IF_ENTRY, 10}, 9, 1, 0},
    [IF_IN_DISCARDS] = {{IF_ENTRY, 13}, 9, 1, 0}, [IF_IN_ERRORS] = {{IF_ENTRY, 14}, 9, 1, 0},
    [IF_OUT] = {{IF_ENTRY, 16}, 9, 1, 0}, [IF_OUT_DISCARDS] = {{IF_ENTRY, 19}, 9, 1, 0},
    [IF_OUT_ERRORS] = {{IF_ENTRY, 20}, 9, 1, 0}, [IFX_NAME] = {{IFX_ENTRY, 1}, 10, 1, 0},
    [IFX_IN] = {{IFX_ENTRY, 6}, 10, 1, 1}, [IFX_OUT] = {{IFX_ENTRY, 10}, 10, 1, 1},
    [IFX_SPEED] = {{IFX_ENTRY, 15}, 10, 1, 0}, [IFX_ALIAS] = {{IFX_ENTRY, 18}, 10, 1, 0},
    [IFX_DISCONTINUITY] = {{IFX_ENTRY, 19}, 10, 1, 0}, [LAST_CHANGE] = {{0x2b, 6, 1, 2, 1, 31, 1, 5}, 8, 0, 0},
    [BOOTS] = {{0x2b, 6, 1, 6, 3, 10, 2, 1, 2}, 9, 0, 0}, [ENGINE_TIME] = {{0x2b, 6, 1, 6, 3, 10, 2, 1, 3}, 9, 0, 0},
};

/* ---- what a device says: keep in step with values.py ---- */

static u32 interfaces = 48;
static u64 step;

static u64 mixed(u64 x) { /* the finaliser of SplitMix64 (Steele, Lea, Flood 2014) */
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static u64 first_octets(u64 h) { /* a few above 2^63, a few above 2^53, a few about to wrap at 32 bits */
    switch (h >> 60) {
    case 0: return (1ull << 63) + (h & 0xFFFFFFFFFFull);
    case 1: return (1ull << 53) + (h & 0xFFFFFFFFFFull);
    case 2: return (1ull << 32) - (h & 0xFFFF) - 1;
    default: return h & 0xFFFFFFFFFFull;
    }
}

static u64 figure(int which, u32 address, u32 index) {
    u64 h = mixed((u64)address << 32 | index), other = mixed(h);
    switch (which) {
    case IF_IN: case IFX_IN: return first_octets(h) + step * (1000 + h % 36000);
    case IF_OUT: case IFX_OUT: return first_octets(other) + step * (1000 + other % 36000);
    case IF_IN_ERRORS: return (h >> 8) % 100 + step / 3000;
    case IF_OUT_ERRORS: return (h >> 16) % 100 + step / 7000;
    case IF_IN_DISCARDS: return (h >> 24) % 1000 + step / 500;
    case IF_OUT_DISCARDS: return (h >> 32) % 1000 + step / 700;
    case IFX_DISCONTINUITY: return 4200 + h % 977;
    case IF_SPEED: return 1000000000;
    case IFX_SPEED: return 1000;
    case IF_TYPE: return 6;
    case IF_INDEX: return index;
    case IF_NUMBER: return interfaces;
    case LAST_CHANGE: return 1234;
    case SYS_UPTIME: return 8640000 + step;
    case ENGINE_TIME: return 86400 + step / 100;
    case BOOTS: return 7;
    default: return 1; /* ifAdminStatus, ifOperStatus: up */
    }
}

static u8 *head(u8 *p, u8 tag, size_t size) {
    *p++ = tag;
    if (size > 0xFF) *p++ = 0x82, *p++ = (u8)(size >> 8);
    else if (size > 0x7F) *p++ = 0x81;
    *p++ = (u8)size;
    return p;
}

static u8 *number(u8 *p, u8 tag, u64 n) { /* none of ours is negative */
    int size = n ? (64 - __builtin_clzll(n)) / 8 + 1 : 1;
    *p++ = tag, *p++ = (u8)size;
    if (size == 9) *p++ = 0, size = 8;
    while (size--) *p++ = (u8)(n >> 8 * size);
    return p;
}

static u8 *text(u8 *p, const char *s, size_t size) {
    p = head(p, OCTETS, size);
    memcpy(p, s, size);
    return p + size;
}

static size_t decimal(char *to, u32 n) {
    char digits[10];
    size_t size = 0;
    do digits[size++] = (char)('0' + n % 10); while (n /= 10);
    for (size_t i = 0; i < size; i++) to[i] = digits[size - 1 - i];
    return size;
}

static u8 *numbered(u8 *p, const char *prefix, u32 n) {
    char s[32];
    size_t size = strlen(prefix);
    memcpy(s, prefix, size);
    return text(p, s, size + decimal(s + size, n));
}

static u8 *value(u8 *p, int which, u32 address, u32 index) { /* VALUE_ROOM is enough for any */
    static const u8 object_id[] = {OBJECT_ID, 9, 0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 1}; /* 1.3.6.1.4.1.32473.1, RFC 5612 */
    char s[40];
    switch (which) {
    case SYS_DESCR: return text(p, "netmon bench responder 1", 24);
    case SYS_OBJECT_ID: memcpy(p, object_id, sizeof object_id); return p + sizeof object_id;
    case SYS_NAME:
        return text(p, s, (size_t)snprintf(s, sizeof s, "bench-%u-%u-%u-%u", address >> 24, address >> 16 & 255,
                                           address >> 8 & 255, address & 255));
    case IF_DESCR: case IFX_NAME: return numbered(p, "ether", index);
    case IFX_ALIAS: return numbered(p, "bench link ", index);
    case IFX_IN: case IFX_OUT: return number(p, COUNTER64, figure(which, address, index));
    case IF_IN: case IF_OUT: case IF_IN_ERRORS: case IF_OUT_ERRORS: case IF_IN_DISCARDS: case IF_OUT_DISCARDS:
        return number(p, COUNTER32, figure(which, address, index) & 0xFFFFFFFF);
    case IF_SPEED: case IFX_SPEED: return number(p, GAUGE32, figure(which, address, index));
    case SYS_UPTIME: case LAST_CHANGE: case IFX_DISCONTINUITY: return number(p, TICKS, figure(which, address, index) & 0xFFFFFFFF);
    default: return number(p, INTEGER, figure(which, address, index));
    }
}

/* ---- reading a request ---- */

typedef struct { const u8 *p, *end; } In;

static int enter(In *in, int tag, In *content) { /* 0: not such a TLV, or it does not fit; else `in` is behind it */
    if (in->end - in->p < 2 || *in->p++ != tag) return 0;
    u64 size = *in->p++;
    if (size & 0x80) {
        int octets = (int)(size & 0x7F);
        if (octets < 1 || octets > 4 || in->end - in->p < octets) return 0;
        for (size = 0; octets--;) size = size << 8 | *in->p++;
    }
    if (size > (u64)(in->end - in->p)) return 0;
    content->p = in->p;
    in->p = content->end = in->p + size;
    return 1;
}

static int integer(In *in, int64_t *n) {
    In c;
    if (!enter(in, INTEGER, &c) || c.end - c.p < 1 || c.end - c.p > 8) return 0;
    u64 bits = *c.p & 0x80 ? ~0ull : 0;
    while (c.p < c.end) bits = bits << 8 | *c.p++;
    *n = (int64_t)bits;
    return 1;
}

typedef struct { In raw; u32 arc[MAX_ARCS]; int arcs; } Name; /* the first two numbers are one arc, as on the wire */

static int name(In *list, Name *name) { /* one varbind of a request; what its value is does not matter */
    In varbind;
    if (!enter(list, SEQUENCE, &varbind) || !enter(&varbind, OBJECT_ID, &name->raw)) return 0;
    In c = name->raw;
    if (c.p == c.end || c.end - c.p > MAX_NAME || c.end[-1] & 0x80) return 0;
    u64 n = 0;
    name->arcs = 0;
    while (c.p < c.end) {
        n = n << 7 | (*c.p & 0x7F);
        if (n > 0xFFFFFFFF) return 0;
        if (!(*c.p++ & 0x80)) name->arc[name->arcs++] = (u32)n, n = 0;
    }
    return 1;
}

/* ---- finding what it names ---- */

typedef struct { int which; u32 index; } Place; /* which == OBJECTS: behind everything */

static int visible(int which, int v1) { return !(v1 && object[which].wide); }

static int compared(const Name *n, const Object *o) { /* <0: before the object's subtree, 0: in it, >0: behind it */
    for (int i = 0; i < o->arcs; i++) {
        if (i == n->arcs) return -1;
        if (n->arc[i] != o->base[i]) return n->arc[i] < o->base[i] ? -1 : 1;
    }
    return 0;
}

static int subtree(const Name *n) { /* the object that holds the name, OBJECTS if none does */
    static u8 by_column[2][32], known;
    if (!known) {
        memset(by_column, OBJECTS, sizeof by_column);
        for (int i = 0; i < OBJECTS; i++)
            if (object[i].table) by_column[object[i].arcs == 10][object[i].base[object[i].arcs - 1]] = (u8)i;
        known = 1;
    }
    int table = n->arcs > 5 && n->arc[5] == 31, at = table ? 9 : 8;
    if (n->arcs > at && n->arc[at] < 32) { /* most names are rows of the two tables */
        int which = by_column[table][n->arc[at]];
        if (which != OBJECTS && compared(n, &object[which]) == 0) return which;
    }
    for (int i = 0; i < OBJECTS; i++)
        if (!object[i].table && compared(n, &object[i]) == 0) return i;
    return OBJECTS;
}

static Place following(Place at, int v1) { /* the next instance of a walk */
    if (at.which < OBJECTS && object[at.which].table && at.index < interfaces) return (Place){at.which, at.index + 1};
    do at.which++; while (at.which < OBJECTS && !visible(at.which, v1));
    at.index = at.which < OBJECTS && object[at.which].table;
    return at;
}

static Place after(const Name *n, int v1) { /* the first instance behind the name */
    for (int i = 0; i < OBJECTS; i++) {
        int order = visible(i, v1) ? compared(n, &object[i]) : 1;
        if (order > 0) continue;
        if (order < 0 || n->arcs == object[i].arcs) return (Place){i, object[i].table};
        u32 index = n->arc[object[i].arcs];
        if (object[i].table && index < interfaces) return (Place){i, index + 1};
    }
    return (Place){OBJECTS, 0};
}

/* ---- the answer ---- */

typedef struct { u8 *start, *p; u32 address; int v1; u32 varbinds; } Out;

static int fits(const Out *out, size_t name_size) { return (size_t)(out->p - out->start) + name_size + VALUE_ROOM <= MAX_LIST; }

static int put(Out *out, const u8 *name, size_t name_size, Place at, u8 absent) { /* 0: there is no room left */
    u8 content[VALUE_ROOM], *end = content;
    if (!fits(out, name_size)) return 0;
    if (absent) *end++ = absent, *end++ = 0;
    else end = value(content, at.which, out->address, at.index);
    size_t size = (size_t)(end - content);
    u8 *p = head(out->p, SEQUENCE, 2 + name_size + size);
    p = head(p, OBJECT_ID, name_size);
    memcpy(p, name, name_size);
    memcpy(p + name_size, content, size);
    out->p = p + name_size + size;
    out->varbinds++;
    return 1;
}

static int put_place(Out *out, Place at) {
    u8 name[16], *p = name;
    memcpy(p, object[at.which].base, object[at.which].arcs);
    p += object[at.which].arcs;
    if (at.index >= 1 << 14) *p++ = (u8)(0x80 | at.index >> 14);
    if (at.index >= 1 << 7) *p++ = (u8)(0x80 | (at.index >> 7 & 0x7F));
    *p++ = at.index & 0x7F;
    return put(out, name, (size_t)(p - name), at, 0);
}

/* Each returns an error-status, with its varbind's number in *index; negative: this is no request. */

static int get(In list, Out *out, int *index) {
    Name n;
    for (*index = 1; list.p < list.end; ++*index) {
        if (!name(&list, &n)) return -1;
        int which = subtree(&n);
        u8 absent = which == OBJECTS || !visible(which, out->v1) ? NO_OBJECT : 0;
        u32 last = n.arc[n.arcs - 1];
        if (!absent && (n.arcs != object[which].arcs + 1 || (object[which].table ? !last || last > interfaces : last)))
            absent = NO_INSTANCE;
        if (absent && out->v1) return NO_SUCH_NAME;
        if (!put(out, n.raw.p, (size_t)(n.raw.end - n.raw.p), (Place){which, last}, absent)) return TOO_BIG;
    }
    return 0;
}

static int next(In list, Out *out, int *index) {
    Name n;
    for (*index = 1; list.p < list.end; ++*index) {
        if (!name(&list, &n)) return -1;
        Place at = after(&n, out->v1);
        if (at.which == OBJECTS && out->v1) return NO_SUCH_NAME;
        if (at.which == OBJECTS ? !put(out, n.raw.p, (size_t)(n.raw.end - n.raw.p), at, END_OF_VIEW) : !put_place(out, at))
            return TOO_BIG;
    }
    return 0;
}

typedef struct { Place at, before; In asked; } Column; /* `before`: the last instance that was there */

static int put_column(Out *out, const Column *c) {
    Out named = *out;
    if (c->at.which != OBJECTS) return put_place(out, c->at);
    if (c->before.which == OBJECTS) return put(out, c->asked.p, (size_t)(c->asked.end - c->asked.p), c->at, END_OF_VIEW);
    if (!put_place(&named, c->before)) return 0; /* endOfMibView repeats the name that came before it (RFC 3416 4.2.3) */
    In varbind = {out->p, named.p}, inside, last;
    if (!enter(&varbind, SEQUENCE, &inside) || !enter(&inside, OBJECT_ID, &last)) return 0;
    u8 name[16];
    size_t size = (size_t)(last.end - last.p);
    memcpy(name, last.p, size);
    return put(out, name, size, c->at, END_OF_VIEW);
}

static int bulk(In list, Out *out, int64_t once, int64_t rows) {
    static Column column[MAX_COLUMNS];
    int columns = 0, left = 1;
    Name n;
    for (int number = 0; list.p < list.end; number++) {
        if (!name(&list, &n) || columns == MAX_COLUMNS) return -1;
        Column c = {after(&n, 0), {OBJECTS, 0}, n.raw};
        if (number >= once) column[columns++] = c;
        else if (!put_column(out, &c)) return 0;
    }
    for (; rows > 0 && left && columns; rows--) {
        left = 0;
        for (int i = 0; i < columns; i++) {
            if (!put_column(out, &column[i])) return 0;
            if (column[i].at.which == OBJECTS) continue;
            column[i].before = column[i].at;
            column[i].at = following(column[i].at, 0);
            left = 1;
        }
    }
    return 0;
}

static u8 *prepend(u8 *end_of_front, u8 *front, size_t size) { return memcpy(end_of_front - size, front, size); }

static u8 *enclosed(u8 *start, const u8 *end, u8 tag) { /* a header before what is there already */
    u8 header[4];
    return prepend(start, header, (size_t)(head(header, tag, (size_t)(end - start)) - header));
}

/* Answers into `room` (HEADROOM + MAX_LIST); returns the reply's start and sets its size, or NULL for no reply. */
static u8 *answer(const u8 *request, size_t size, u32 address, u8 *room, size_t *reply_size, u32 *varbinds) {
    In all = {request, request + size}, message, community, pdu, list, id;
    int64_t version, a, b;
    if (!enter(&all, SEQUENCE, &message) || !integer(&message, &version) || version < 0 || version > 1) return NULL;
    if (!enter(&message, OCTETS, &community) || community.end - community.p > MAX_COMMUNITY) return NULL;
    int kind = message.p < message.end ? *message.p : 0, index = 0, status;
    if (!enter(&message, kind, &pdu) || !enter(&pdu, INTEGER, &id) || id.end == id.p || id.end - id.p > 8) return NULL;
    if (!integer(&pdu, &a) || !integer(&pdu, &b) || !enter(&pdu, SEQUENCE, &list)) return NULL;

    Out out = {room + HEADROOM, room + HEADROOM, address, version == 0, 0};
    if (kind == GET) status = get(list, &out, &index);
    else if (kind == GETNEXT) status = next(list, &out, &index);
    else if (kind == GETBULK && version == 1) status = bulk(list, &out, a, b);
    else return NULL;
    if (status < 0) return NULL;
    if (status) { /* v1 repeats what was asked, v2c says nothing (RFC 1157 4.1.2, RFC 3416 4.2.1) */
        size_t echoed = version == 0 ? (size_t)(list.end - list.p) : 0;
        memcpy(out.start, list.p, echoed);
        out.p = out.start + echoed;
        out.varbinds = 0;
    } else index = 0;
    if (status == TOO_BIG) index = 0;

    u8 small[16], *start = enclosed(out.start, out.p, SEQUENCE);
    u8 *end = number(small, INTEGER, (u64)status);
    end = number(end, INTEGER, (u64)index);
    start = prepend(start, small, (size_t)(end - small));
    start = enclosed(prepend(start, (u8 *)id.p, (size_t)(id.end - id.p)), start, INTEGER);
    start = enclosed(start, out.p, RESPONSE);
    u8 *behind = start;
    start = enclosed(prepend(start, (u8 *)community.p, (size_t)(community.end - community.p)), behind, OCTETS);
    start = prepend(start, small, (size_t)(number(small, INTEGER, (u64)version) - small));
    start = enclosed(start, out.p, SEQUENCE);
    *reply_size = (size_t)(out.p - start);
    *varbinds = out.varbinds;
    return start;
}

/* ---- the socket ---- */

static volatile sig_atomic_t stopping, reporting;

static void on_signal(int signal_number) {
    if (signal_number == SIGUSR1) reporting = 1;
    else stopping = 1;
}

static void report(u64 pdus, u64 varbinds) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("counts %llu %llu %.6f\n", (unsigned long long)pdus, (unsigned long long)varbinds, cpu_s);
    fflush(stdout);
}

static int opened(u32 port) {
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, room = 32 << 20;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {0, 200000};
    socklen_t size = sizeof to;
    if (s < 0 || setsockopt(s, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0 || bind(s, (struct sockaddr *)&to, size) < 0) {
        fprintf(stderr, "responder: cannot open UDP port %u: %s\n", port, strerror(errno));
        exit(1);
    }
    for (int which = 0; which < 2; which++) { /* beyond the system's limit where we are allowed to */
        setsockopt(s, SOL_SOCKET, which ? SO_RCVBUF : SO_SNDBUF, &room, sizeof room);
        setsockopt(s, SOL_SOCKET, which ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, &room, sizeof room);
    }
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    getsockname(s, (struct sockaddr *)&to, &size);
    printf("ready %u\n", ntohs(to.sin_port));
    fflush(stdout);
    return s;
}

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

typedef struct { struct sockaddr_in peer; struct iovec data; u8 control[CMSG_SPACE(sizeof(struct in_pktinfo))]; } Slot;
static struct mmsghdr asked[BATCH], replies[BATCH];
static Slot slot[BATCH];
static u8 request[BATCH][MAX_REQUEST], room[BATCH][HEADROOM + MAX_LIST];

static u32 asked_address(struct msghdr *message) { /* and the reply, which takes the same octets, leaves from there */
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    struct in_pktinfo to;
    if (!c || c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO) return 0;
    memcpy(&to, CMSG_DATA(c), sizeof to);
    to.ipi_ifindex = 0;
    to.ipi_spec_dst = to.ipi_addr;
    memcpy(CMSG_DATA(c), &to, sizeof to);
    return ntohl(to.ipi_addr.s_addr);
}

int main(int argc, char **argv) { /* PORT INTERFACES BASE DEVICES DEAD_BELOW [STEP]: started by serving.py alone */
    if (argc < 6) return fprintf(stderr, "usage: responder port interfaces base devices dead-below [step]\n"), 2;
    interfaces = (u32)strtoul(argv[2], NULL, 10);
    u32 base = (u32)strtoul(argv[3], NULL, 10), devices = (u32)strtoul(argv[4], NULL, 10);
    u64 dead_below = strtoull(argv[5], NULL, 10), pdus = 0, varbinds = 0;
    struct sigaction act = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &act, NULL), sigaction(SIGTERM, &act, NULL), sigaction(SIGINT, &act, NULL);
    pid_t parent = getppid();
    int s = opened((u32)strtoul(argv[1], NULL, 10));
    double start_s = now_s();
    if (argc > 6) step = strtoull(argv[6], NULL, 10);
    while (!stopping && getppid() == parent) {
        for (int i = 0; i < BATCH; i++) {
            slot[i].data = (struct iovec){request[i], MAX_REQUEST};
            asked[i].msg_hdr = (struct msghdr){&slot[i].peer, sizeof slot[i].peer, &slot[i].data, 1, slot[i].control, sizeof slot[i].control, 0};
        }
        int got = recvmmsg(s, asked, BATCH, MSG_WAITFORONE, NULL), ready = 0;
        if (argc <= 6) step = (u64)((now_s() - start_s) * 100);
        for (int i = 0; i < got; i++) {
            u32 address = asked_address(&asked[i].msg_hdr), answered = 0;
            if (address - base >= devices || mixed(address) >> 32 < dead_below || asked[i].msg_hdr.msg_flags & MSG_TRUNC) continue;
            size_t size = 0;
            u8 *reply = answer(request[i], asked[i].msg_len, address, room[i], &size, &answered);
            if (!reply) continue;
            slot[i].data = (struct iovec){reply, size};
            replies[ready++] = asked[i];
            pdus++, varbinds += answered;
        }
        for (int sent = 0, n; sent < ready; sent += n > 0 ? n : 1) n = sendmmsg(s, replies + sent, (unsigned)(ready - sent), 0);
        if (reporting) reporting = 0, report(pdus, varbinds);
    }
    report(pdus, varbinds);
    return 0;
}
