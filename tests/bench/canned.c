/* A canned mail server and a bare client, both nothing but epoll and fixed answers: what is left is what the kernel costs.
 *
 *   canned serve IMAP_PORT SMTP_PORT            for ever; writes "ready" once it listens
 *   canned ask imap|smtp PORT COUNT AT_ONCE     COUNT conversations, pipelined where the protocol allows; writes CPU and wall seconds
 *
 * No buffers are kept between reads of a client: every answer and every command here fits into one segment on loopback. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096, SIZE = 4096 };
enum kind { IMAP, SMTP };

static const char *GREETING[] = {"* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ IDLE AUTH=PLAIN] ready\r\n", "220 mx.mail.test ESMTP canned\r\n"};
static const char *HELLO = "250-mx.mail.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n";
static const char *OPENED =
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n* 0 EXISTS\r\n* 0 RECENT\r\n"
    "* OK [UIDVALIDITY 1700000000] UIDs valid\r\n* OK [UIDNEXT 1] Predicted next UID\r\n";

static enum kind kind_of[MOST];
static int listening[MOST];
static int finished[MOST];
static int step[MOST];

static void die(const char *what) { perror(what); exit(1); }

static struct sockaddr_in place(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

static void watch(int queue, int fd, unsigned events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (fd >= MOST || epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

static void put(int fd, const char *text, size_t length) {
    if (send(fd, text, length, MSG_NOSIGNAL) < 0) finished[fd] = 1;
}

/* the server */

static void listen_at(int queue, enum kind kind, int port) {
    struct sockaddr_in at = place(port);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 1024) < 0) die("listen");
    watch(queue, fd, EPOLLIN);
    listening[fd] = 1;
    kind_of[fd] = kind;
}

static void receive(int queue, int listener) {
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(queue, fd, EPOLLIN);
        kind_of[fd] = kind_of[listener];
        finished[fd] = 0;
        put(fd, GREETING[kind_of[fd]], strlen(GREETING[kind_of[fd]]));
    }
}

static int answer_imap(const char *line, char *out, int *last) {
    char tag[32] = "";
    sscanf(line, "%31s", tag);
    if (strstr(line, " LOGIN ")) return sprintf(out, "%s OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ IDLE UIDPLUS] Logged in\r\n", tag);
    if (strstr(line, " EXAMINE ")) return sprintf(out, "%s%s OK [READ-ONLY] Examine completed.\r\n", OPENED, tag);
    if (!strstr(line, " LOGOUT")) return sprintf(out, "%s BAD what?\r\n", tag);
    *last = 1;
    return sprintf(out, "* BYE Logging out\r\n%s OK Logout completed.\r\n", tag);
}

static int answer_smtp(const char *line, char *out, int *last) {
    if (!strncmp(line, "EHLO", 4)) return sprintf(out, "%s", HELLO);
    if (!strncmp(line, "MAIL", 4)) return sprintf(out, "250 2.1.0 Ok\r\n");
    if (!strncmp(line, "RCPT", 4)) return sprintf(out, "250 2.1.5 Ok\r\n");
    if (!strncmp(line, "RSET", 4)) return sprintf(out, "250 2.0.0 Ok\r\n");
    if (strncmp(line, "QUIT", 4)) return sprintf(out, "500 5.5.2 what?\r\n");
    *last = 1;
    return sprintf(out, "221 2.0.0 Bye\r\n");
}

static void answer(int fd) {
    char in[SIZE], out[SIZE * 2];
    ssize_t got = recv(fd, in, sizeof in - 1, 0);
    int length = 0, last = 0;
    char *rest = in, *line;
    if (got <= 0) { close(fd); return; }
    in[got] = 0;
    while ((line = strsep(&rest, "\n")) && rest && length < SIZE)
        length += (kind_of[fd] == IMAP ? answer_imap : answer_smtp)(line, out + length, &last);
    put(fd, out, length);
    if (last || finished[fd]) close(fd);
}

static void serve(int imap, int smtp) {
    int queue = epoll_create1(0);
    listen_at(queue, IMAP, imap);
    listen_at(queue, SMTP, smtp);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int many = epoll_wait(queue, events, 256, -1);
        for (int n = 0; n < many; n++) (listening[events[n].data.fd] ? (void)receive(queue, events[n].data.fd) : answer(events[n].data.fd));
    }
}

/* the client */

static const char *SAY[2][2] = {
    {"A1 LOGIN \"u000001\" \"secret\"\r\nA2 EXAMINE INBOX\r\nA3 LOGOUT\r\n", NULL},
    {"EHLO probe.example.net\r\n", "MAIL FROM:<probe@probe.example.net>\r\nRCPT TO:<u000001@mail.test>\r\nRSET\r\nQUIT\r\n"},
};
static const char *END[] = {"A3 OK", "221 "};

static void start(int queue, int port) {
    struct sockaddr_in at = place(port);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connect(fd, (struct sockaddr *)&at, sizeof at);
    step[fd] = 0;
    watch(queue, fd, EPOLLIN);
}

static int converse(int fd, enum kind kind) {
    char in[SIZE];
    ssize_t got = recv(fd, in, sizeof in - 1, 0);
    if (got <= 0) die("the canned server hung up");
    in[got] = 0;
    if (strstr(in, END[kind])) { close(fd); return 1; }
    const char *next = step[fd] < 2 ? SAY[kind][step[fd]++] : NULL;
    if (next) put(fd, next, strlen(next));
    return 0;
}

static double seconds(struct timeval at) { return at.tv_sec + at.tv_usec / 1e6; }

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void ask(enum kind kind, int port, int count, int at_once) {
    int queue = epoll_create1(0), started = 0, done = 0;
    double began = now(), used = cpu();
    while (started < at_once && started < count) start(queue, port), started++;
    while (done < count) {
        struct epoll_event events[256];
        int many = epoll_wait(queue, events, 256, 10000);
        if (many <= 0) die("the canned server is silent");
        for (int n = 0; n < many; n++) {
            if (!converse(events[n].data.fd, kind)) continue;
            done++;
            if (started < count) start(queue, port), started++;
        }
    }
    printf("{\"cpu\": %.6f, \"wall\": %.6f}\n", cpu() - used, now() - began);
}

int main(int count, char **words) {
    if (count == 4 && !strcmp(words[1], "serve")) serve(atoi(words[2]), atoi(words[3]));
    if (count != 6) return 64;
    ask(strcmp(words[2], "imap") ? SMTP : IMAP, atoi(words[3]), atoi(words[4]), atoi(words[5]));
    return 0;
}
