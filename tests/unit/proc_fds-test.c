/* SPDX-License-Identifier: MIT */
/* Descriptors, sockets and threads: the parsers, and ourselves. */
#include "config.h"

#include "proc/fds.h"
#include "proc/open_files.h"
#include "proc/sockets.h"
#include "proc/tasks.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- bytes that end where memory ends ------------------------------------ */

static char *guarded_page;
static size_t page;

/* A copy of the bytes with nothing readable behind them. */
static void *
guarded(const void *bytes, size_t len)
{
	if (guarded_page == NULL) {
		page = (size_t)sysconf(_SC_PAGESIZE);
		guarded_page = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(guarded_page != MAP_FAILED);
		mprotect(guarded_page + 2 * page, page, PROT_NONE);
	}
	assert_true(len <= 2 * page);
	if (len == 0)
		return guarded_page + 2 * page;
	return memcpy(guarded_page + 2 * page - len, bytes, len);
}

/* ---- links --------------------------------------------------------------- */

static struct fd
link_of(const char *text)
{
	struct fd f = {.fd = 0};

	fd_link_parse(guarded(text, strlen(text)), strlen(text), &f);
	return f;
}

static void
links_tell_types(void **state)
{
	static const struct {
		const char *link;
		enum fd_type type;
		uint64_t inode;
	} rows[] = {
	    {"socket:[188304]", FD_SOCKET, 188304},
	    {"pipe:[12]", FD_PIPE, 12},
	    {"anon_inode:[eventfd]", FD_EVENTFD, 0},
	    {"anon_inode:[eventpoll]", FD_EPOLL, 0},
	    {"anon_inode:[timerfd]", FD_TIMERFD, 0},
	    {"anon_inode:[signalfd]", FD_SIGNALFD, 0},
	    {"anon_inode:inotify", FD_INOTIFY, 0},
	    {"anon_inode:[fanotify]", FD_FANOTIFY, 0},
	    {"anon_inode:[pidfd]", FD_PIDFD, 0},
	    {"pidfd:[4711]", FD_PIDFD, 0},
	    {"anon_inode:[io_uring]", FD_IO_URING, 0},
	    {"anon_inode:[userfaultfd]", FD_USERFAULTFD, 0},
	    {"anon_inode:bpf-map", FD_ANON, 0},
	    {"anon_inode:[", FD_ANON, 0},
	    {"anon_inode:", FD_ANON, 0},
	    {"/memfd:x\ny (deleted)", FD_MEMFD, 0},
	    {"net:[4026531833]", FD_NAMESPACE, 4026531833},
	    {"", FD_UNKNOWN, 0},
	    {"/", FD_FILE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fd f = link_of(rows[i].link);

		assert_int_equal(f.type, rows[i].type);
		assert_int_equal(f.inode, rows[i].inode);
	}
}

static void
a_file_cannot_pass_for_a_socket(void **state)
{
	(void)state;
	assert_int_equal(link_of("/tmp/socket:[5]").type, FD_FILE);
	assert_int_equal(link_of("/tmp/a\nsocket:[5]").type, FD_FILE);
	assert_int_equal(link_of("/anon_inode:[eventfd]").inode, 0);
}

static void
a_malformed_inode_is_none(void **state)
{
	(void)state;
	assert_int_equal(link_of("socket:[").inode, 0);
	assert_int_equal(link_of("socket:[12").inode, 0);
	assert_int_equal(link_of("socket:[-1]").inode, 0);
	assert_int_equal(link_of("socket:[99999999999999999999999]").inode, 0);
}

static void
what_has_no_name_left_is_deleted(void **state)
{
	struct fd f = link_of("/tmp/gone (deleted)");

	(void)state;
	fd_stat(&f, S_IFREG, 0);
	assert_int_equal(f.type, FD_DELETED);
	f = link_of("/tmp/not gone (deleted)");
	fd_stat(&f, S_IFREG, 1);
	assert_int_equal(f.type, FD_FILE);
	f = link_of("/tmp");
	fd_stat(&f, S_IFDIR, 2);
	assert_int_equal(f.type, FD_DIR);
	f = link_of("/dev/null");
	fd_stat(&f, S_IFCHR, 1);
	assert_int_equal(f.type, FD_DEVICE);
	f = link_of("/memfd:x (deleted)");
	fd_stat(&f, S_IFREG, 0);
	assert_int_equal(f.type, FD_MEMFD);
}

/* ---- fdinfo -------------------------------------------------------------- */

static void
fdinfo_gives_flags_and_position(void **state)
{
	struct fd f = {.type = FD_EVENTFD};
	char text[FD_FLAGS_MAX];

	(void)state;
	assert_true(
	    fd_info_parse("pos:\t17\nflags:\t02004002\nmnt_id:\t17\n"
			  "ino:\t1038\neventfd-count:                1f\n",
		&f));
	assert_string_equal(
	    fd_flags_text(text, f.flags), "rw,nonblock,cloexec");
	assert_int_equal(f.position, 17);
	assert_string_equal(f.detail, "count 31");
	free(f.detail);
	f = (struct fd){.type = FD_EPOLL};
	assert_true(fd_info_parse("pos:\t0\nflags:\t02\ntfd: 5\ntfd: 6\n", &f));
	assert_int_equal(f.watches, 2);
	free(f.detail);
}

static void
nonsense_is_no_fdinfo(void **state)
{
	static const char *const texts[] = {"", "\n", "pos:\t\nflags:\t02\n",
	    "pos:\t0\n", "flags:\t02\n", "xpos:\t0\nxflags:\t02\n",
	    "pos:\t0\nflags:\tz\n"};
	struct fd f = {.type = FD_FILE};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(fd_info_parse(texts[i], &f));
		assert_false(f.has_info);
	}
}

static void
all_flags_fit_into_their_text(void **state)
{
	char text[FD_FLAGS_MAX];

	(void)state;
	fd_flags_text(text, ~0u);
	assert_string_equal(
	    text, "rw,append,nonblock,cloexec,direct,sync,path,async");
	assert_string_equal(fd_flags_text(text, FDF_PATH), "path");
	assert_string_equal(fd_flags_text(text, 0), "");
}

/* ---- sock_diag ----------------------------------------------------------- */

struct message {
	unsigned char bytes[1024];
	size_t len;
};

static void
put(struct message *m, const void *bytes, size_t len)
{
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
	while (m->len % 4 != 0)
		m->bytes[m->len++] = 0;
}

static void
put_attribute(struct message *m, uint16_t type, const void *bytes, size_t len)
{
	struct nlattr a = {(uint16_t)(sizeof a + len), type};

	put(m, &a, sizeof a);
	put(m, bytes, len);
}

/* Ends the message that began at `start`. */
static void
end_message(struct message *m, size_t start)
{
	uint32_t len = (uint32_t)(m->len - start);

	memcpy(m->bytes + start, &len, sizeof len);
}

static size_t
begin_message(struct message *m, uint16_t type)
{
	struct nlmsghdr head = {.nlmsg_type = type};
	size_t start = m->len;

	put(m, &head, sizeof head);
	return start;
}

static void
put_tcp(struct message *m, uint32_t inode)
{
	uint32_t memory[SK_MEMINFO_VARS] = {
	    [SK_MEMINFO_RMEM_ALLOC] = 1000,
	    [SK_MEMINFO_WMEM_ALLOC] = 7,
	    [SK_MEMINFO_FWD_ALLOC] = 200,
	    [SK_MEMINFO_WMEM_QUEUED] = 30,
	    [SK_MEMINFO_OPTMEM] = 4,
	    [SK_MEMINFO_DROPS] = 9,
	};
	struct inet_diag_msg d = {.idiag_family = AF_INET,
	    .idiag_state = SOCKET_ESTABLISHED,
	    .idiag_rqueue = 5,
	    .idiag_wqueue = 6,
	    .idiag_inode = inode};
	size_t start = begin_message(m, SOCK_DIAG_BY_FAMILY);

	d.id.idiag_sport = htons(80);
	d.id.idiag_dport = htons(4321);
	d.id.idiag_src[0] = htonl(0x7f000001);
	d.id.idiag_dst[0] = htonl(0x0a000002);
	put(m, &d, sizeof d);
	put_attribute(m, INET_DIAG_SKMEMINFO, memory, sizeof memory);
	end_message(m, start);
}

static enum diag_verdict
feed(struct sockets *s, enum diag_family family, const void *bytes, size_t len)
{
	int error;

	return sockets_parse_diag(s, family, guarded(bytes, len), len, &error);
}

static void
a_tcp_socket_comes_with_queues_and_memory(void **state)
{
	const uint64_t inodes[] = {5, 77};
	struct message m = {.len = 0};
	struct sockets s;
	struct socket *k;

	(void)state;
	sockets_init(&s, inodes, 2);
	put_tcp(&m, 6);
	put_tcp(&m, 77);
	assert_int_equal(feed(&s, DIAG_TCP, m.bytes, m.len), DIAG_MORE);
	assert_int_equal(s.found, 1);
	assert_int_equal(s.malformed, 0);
	k = sockets_find(&s, 77);
	assert_string_equal(k->local, "127.0.0.1:80");
	assert_string_equal(k->peer, "10.0.0.2:4321");
	assert_string_equal(socket_state_name(k), "established");
	assert_int_equal(k->memory, 1234);
	assert_int_equal(k->dropped, 9);
	assert_int_equal(k->receive_queue, 5);
	assert_int_equal(sockets_find(&s, 5)->kind, SOCKET_OTHER);
	assert_null(sockets_find(&s, 6));
	sockets_free(&s);
}

static void
a_message_cut_anywhere_is_never_read_past(void **state)
{
	const uint64_t inodes[] = {1, 2, 3};
	struct message m = {.len = 0};
	uint32_t peer = 2;
	struct unix_diag_msg d = {.udiag_family = AF_UNIX, .udiag_ino = 3};
	size_t start;

	(void)state;
	put_tcp(&m, 1);
	start = begin_message(&m, SOCK_DIAG_BY_FAMILY);
	put(&m, &d, sizeof d);
	put_attribute(&m, UNIX_DIAG_NAME, "/run/x", 6);
	put_attribute(&m, UNIX_DIAG_PEER, &peer, sizeof peer);
	end_message(&m, start);
	for (int family = DIAG_TCP; family <= DIAG_PACKET; family++)
		for (size_t len = 0; len <= m.len; len++)
			for (int lie = 0; lie < 2; lie++) {
				unsigned char *copy = malloc(m.len);
				struct sockets s;
				uint32_t claimed = (uint32_t)len;

				/* A header that matches the cut, too. */
				memcpy(copy, m.bytes, m.len);
				if (lie && len >= 4)
					memcpy(copy, &claimed, sizeof claimed);
				sockets_init(&s, inodes, 3);
				feed(&s, (enum diag_family)family, copy, len);
				sockets_resolve_peers(&s);
				sockets_free(&s);
				free(copy);
			}
}

static void
attributes_that_lie_about_their_length_end_the_message(void **state)
{
	const uint64_t inodes[] = {1};
	static const uint16_t lengths[] = {0, 1, 3, 4, 0x7fff, 0xffff};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct message m = {.len = 0};
		struct sockets s;

		put_tcp(&m, 1);
		memcpy(m.bytes + sizeof(struct nlmsghdr) +
			   sizeof(struct inet_diag_msg),
		    &lengths[i], sizeof lengths[i]);
		sockets_init(&s, inodes, 1);
		feed(&s, DIAG_TCP, m.bytes, m.len);
		assert_int_equal(s.found, 1);
		assert_false(s.list[0].has_memory);
		sockets_free(&s);
	}
}

static void
the_end_and_errors_are_told_apart(void **state)
{
	int32_t codes[] = {0, -2, 5, INT32_MIN};
	struct sockets s;
	int error;

	(void)state;
	sockets_init(&s, NULL, 0);
	for (size_t i = 0; i < 4; i++) {
		struct message m = {.len = 0};
		size_t start = begin_message(&m, NLMSG_DONE);

		put(&m, &codes[i], sizeof codes[i]);
		end_message(&m, start);
		assert_int_equal(sockets_parse_diag(&s, DIAG_TCP,
				     guarded(m.bytes, m.len), m.len, &error),
		    i == 1 ? DIAG_ERROR : DIAG_DONE);
		assert_int_equal(error, i == 1 ? 2 : 0);
	}
	sockets_free(&s);
}

static void
a_unix_peer_is_called_by_its_name(void **state)
{
	const uint64_t inodes[] = {10};
	struct message m = {.len = 0};
	struct unix_diag_msg client = {
	    .udiag_ino = 10, .udiag_state = SOCKET_ESTABLISHED};
	struct unix_diag_msg server = {.udiag_ino = 11};
	uint32_t peer = 11;
	struct sockets s;
	size_t start;

	(void)state;
	start = begin_message(&m, SOCK_DIAG_BY_FAMILY);
	put(&m, &client, sizeof client);
	put_attribute(&m, UNIX_DIAG_PEER, &peer, sizeof peer);
	end_message(&m, start);
	start = begin_message(&m, SOCK_DIAG_BY_FAMILY);
	put(&m, &server, sizeof server);
	put_attribute(&m, UNIX_DIAG_NAME, "\0abs\0tract", 10);
	end_message(&m, start);
	sockets_init(&s, inodes, 1);
	feed(&s, DIAG_UNIX, m.bytes, m.len);
	sockets_resolve_peers(&s);
	assert_string_equal(s.list[0].peer, "@abs@tract");
	assert_string_equal(socket_state_name(&s.list[0]), "connected");
	sockets_free(&s);
}

/* ---- /proc/net ----------------------------------------------------------- */

/* Captured on Debian 12, Linux 6.18. */
static const char net_tcp[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
    "retrnsmt   uid  timeout inode                                       \n"
    "   0: 00000000:07E8 00000000:0000 0A 00000000:00000003 00:00000000 "
    "00000000     0        0 646 1 00000000d6d980f5 100 0 0 10 0         \n"
    "   1: 0100007F:A9B1 0100007F:90CE 01 00000010:00000000 03:00001317 "
    "00000000     0        0 999 3 0000000039dfb68b                      \n";

static const char net_tcp6[] =
    "  sl  local_address                         remote_address            "
    "            st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 00000000000000000000000001000000:1F90 "
    "0000000000000000FFFF00000100007F:B7FB 08 00000000:00000001 00:00000000 "
    "00000000     0        0 31 1 0000000000000000 20 4 30 10 -1\n";

static void
the_text_of_tcp_is_understood(void **state)
{
	const uint64_t inodes[] = {646, 999, 31};
	struct sockets s;

	(void)state;
	sockets_init(&s, inodes, 3);
	sockets_parse_inet(&s, SOCKET_TCP, net_tcp);
	sockets_parse_inet(&s, SOCKET_TCP, net_tcp6);
	assert_int_equal(s.found, 3);
	assert_int_equal(s.malformed, 0);
	assert_string_equal(s.list[0].local, "*:2024");
	assert_null(s.list[0].peer);
	assert_int_equal(s.list[0].state, SOCKET_LISTEN);
	assert_int_equal(s.list[0].receive_queue, 3);
	assert_string_equal(s.list[1].peer, "127.0.0.1:37070");
	assert_int_equal(s.list[1].send_queue, 16);
	assert_false(s.list[1].has_memory);
	assert_string_equal(s.list[2].local, "[::1]:8080");
	assert_string_equal(s.list[2].peer, "127.0.0.1:47099");
	assert_string_equal(socket_state_name(&s.list[2]), "close-wait");
	sockets_free(&s);
}

static void
a_text_cut_anywhere_is_never_read_past(void **state)
{
	const uint64_t inodes[] = {646, 999, 31};

	(void)state;
	for (size_t len = 0; len < sizeof net_tcp; len++) {
		char *copy = guarded(net_tcp, len + 1);
		struct sockets s;

		copy[len] = '\0';
		sockets_init(&s, inodes, 3);
		sockets_parse_inet(&s, SOCKET_TCP, copy);
		sockets_parse_unix(&s, copy);
		sockets_free(&s);
	}
}

static void
a_unix_name_may_hold_anything_but_counts_once(void **state)
{
	const uint64_t inodes[] = {643, 700};
	struct sockets s;

	(void)state;
	sockets_init(&s, inodes, 2);
	sockets_parse_unix(&s,
	    "Num       RefCount Protocol Flags    Type St Inode Path\n"
	    "000000006c07cbce: 00000002 00000000 00010000 0001 01   643 /a b\n"
	    "000000005f2b6ae6: 00000003 00000000 00000000 0001 03 700 /x\n"
	    "00000000deadbeef: 00000003 00000000 00000000 0001 03 643 /forged\n"
	    "garbage\n\n");
	sockets_resolve_peers(&s);
	assert_int_equal(s.found, 2);
	assert_string_equal(s.list[0].local, "/a b");
	assert_int_equal(s.list[0].state, SOCKET_LISTEN);
	assert_int_equal(s.list[1].state, SOCKET_ESTABLISHED);
	assert_int_equal(s.malformed, 2);
	sockets_free(&s);
}

static void
sizes_of_kernel_objects_are_found(void **state)
{
	(void)state;
	assert_int_equal(slab_object_bytes("slabinfo - version: 2.1\n"
					   "TCPv6  26  27 2496 13 8 : tun\n"
					   "TCP    53 130 2368 13 8 : tun\n",
			     "TCP"),
	    2368);
	assert_int_equal(slab_object_bytes("TCP 5", "TCP"), 0);
	assert_int_equal(slab_object_bytes("TCP", "TCP"), 0);
	assert_int_equal(slab_object_bytes("", "TCP"), 0);
	assert_int_equal(protocol_object_bytes("protocol  size\n"
					       "UNIX      1088     70\n",
			     "UNIX"),
	    1088);
}

/* ---- threads ------------------------------------------------------------- */

static const char stat_tail[] =
    " S 1 2 2 0 -1 4194304 10 0 0 0 150 50 0 0 20 0 5 0 12345 1000 200 0 0";

static bool
stat_of(const char *name, struct task *t)
{
	char text[256];
	int len = snprintf(text, sizeof text, "42 (%s)%s", name, stat_tail);

	memset(t, 0, sizeof *t);
	return task_stat_parse(text, (size_t)len, t);
}

static void
a_name_may_look_like_the_rest_of_stat(void **state)
{
	struct task t;
	uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);

	(void)state;
	assert_true(stat_of("a) R 1 (\033[1m\n", &t));
	assert_string_equal(t.name, "a) R 1 (\033[1m\n");
	assert_int_equal(t.state, 'S');
	assert_int_equal(t.cpu_ns, 200 * tick);
	assert_int_equal(t.start_ns, 12345 * tick);
	assert_true(stat_of("", &t));
	assert_string_equal(t.name, "");
}

static void
stat_cut_anywhere_is_refused_or_whole(void **state)
{
	char text[256];
	int len = snprintf(text, sizeof text, "42 (x)%s", stat_tail);

	(void)state;
	for (int i = 0; i < len; i++) {
		char *copy = guarded(text, (size_t)i + 1);
		struct task t = {.tid = 0};

		copy[i] = '\0';
		if (task_stat_parse(copy, (size_t)i, &t))
			assert_string_equal(t.name, "x");
	}
}

static void
the_stack_pointer_is_the_last_but_one(void **state)
{
	(void)state;
	assert_int_equal(task_syscall_parse("0 0x3 0x7f50 0x20000 0x7f 0xff "
					    "0x0 0x7ffc6c59ab88 0x7f50ab\n"),
	    0x7ffc6c59ab88);
	assert_int_equal(
	    task_syscall_parse("-1 0x7ffc00 0x7f50ab\n"), 0x7ffc00);
	assert_int_equal(task_syscall_parse("running\n"), 0);
	assert_int_equal(task_syscall_parse(""), 0);
	assert_int_equal(task_syscall_parse("1 2 3\n"), 0);
	assert_int_equal(task_syscall_parse("1 2 3 4 5\n"), 0);
}

static void
a_stack_is_its_own_mapping_or_none(void **state)
{
	struct task list[] = {{.tid = 1, .stack_pointer = 0x1800},
	    {.tid = 2, .stack_pointer = 0x5800},
	    {.tid = 3, .stack_pointer = 0x5900},
	    {.tid = 4, .stack_pointer = 0x9000}, {.tid = 5, .stack_pointer = 0},
	    {.tid = 6, .stack_pointer = 0x7000}};
	struct tasks t = {.tasks = list, .n = 6};

	(void)state;
	tasks_place_stacks(&t, "1000-2000 rw-p 00000000 00:00 0 \n"
			       "5000-6000 rw-p 00000000 00:00 0 a name\n"
			       "nonsense\n"
			       "7000-8000 r--p 00000000 00:00 0\n"
			       "3000-4000 rw-p 00000000 00:00 0 out of order\n"
			       "8000-9000 rw-p 00000000 00:00 0");
	assert_true(list[0].has_stack);
	assert_int_equal(list[0].stack_start, 0x1000);
	assert_int_equal(list[0].stack_end, 0x2000);
	assert_false(list[1].has_stack || list[2].has_stack);
	assert_int_equal(t.shared_stacks, 2);
	assert_false(list[3].has_stack || list[4].has_stack);
	assert_false(list[5].has_stack);
}

static void
numbers_in_names_fold(void **state)
{
	char out[64], small[4];

	(void)state;
	task_pattern("worker-12", out, sizeof out);
	assert_string_equal(out, "worker-#");
	task_pattern("7a08b", out, sizeof out);
	assert_string_equal(out, "#a#b");
	task_pattern("#1#2", out, sizeof out);
	assert_string_equal(out, "####");
	task_pattern("", out, sizeof out);
	assert_string_equal(out, "");
	task_pattern("abcdef", small, sizeof small);
	assert_string_equal(small, "abc");
}

static void
the_share_is_of_the_time_between(void **state)
{
	struct task a = {.cpu_ns = 100, .start_ns = 1000};
	struct task b = {.cpu_ns = 350, .start_ns = 1000};

	(void)state;
	assert_true(task_share(&a, 2000, &b, 3000) == 0.25);
	assert_true(task_share(NULL, 0, &b, 2000) == 0.35);
	assert_true(task_share(&b, 2000, &a, 3000) < 0);
	assert_true(task_share(&a, 3000, &b, 3000) < 0);
}

/* ---- ourselves ----------------------------------------------------------- */

static const struct socket *
socket_at(const struct open_files *f, int fd)
{
	for (size_t i = 0; i < f->fds.n; i++)
		if (f->fds.fds[i].fd == fd)
			return f->socket_of[i];
	return NULL;
}

static void
our_own_descriptors_are_seen(void **state)
{
	int pair[2], event = eventfd(3, EFD_CLOEXEC);
	struct open_files f;
	struct err e;
	bool seen = false;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], "12345", 5), 5);
	assert_int_equal(open_files_read(getpid(), FDS_INFO, &f, &e), 0);
	for (size_t i = 0; i < f.fds.n; i++) {
		const struct fd *d = &f.fds.fds[i];

		assert_true(i == 0 || d->fd > f.fds.fds[i - 1].fd);
		if (d->fd != event)
			continue;
		seen = true;
		assert_int_equal(d->type, FD_EVENTFD);
		assert_string_equal(d->detail, "count 3");
	}
	assert_true(seen);
	assert_non_null(socket_at(&f, pair[1]));
	assert_string_equal(
	    open_file_type(NULL, socket_at(&f, pair[1])), "unix");
	assert_int_equal(socket_at(&f, pair[0])->peer_inode,
	    socket_at(&f, pair[1])->has_memory ? socket_at(&f, pair[1])->inode
					       : 0);
	open_files_free(&f);
	close(pair[0]);
	close(pair[1]);
	close(event);
}

static void
nobody_is_gone(void **state)
{
	struct open_files f;
	struct tasks t;
	struct err e;

	(void)state;
	assert_int_equal(open_files_read(0x7ffffffe, FDS_LINKS, &f, &e), -1);
	assert_int_equal(e.status, ERR_GONE);
	open_files_free(&f);
	assert_int_equal(tasks_read(0x7ffffffe, TASKS_STAT, &t, &e), -1);
	assert_int_equal(e.status, ERR_GONE);
	tasks_free(&t);
}

static void
our_own_stack_is_where_it_is(void **state)
{
	struct tasks t;
	struct err e;
	const struct task *k;

	(void)state;
	assert_int_equal(
	    tasks_read(getpid(), TASKS_WAIT | TASKS_STACKS, &t, &e), 0);
	k = tasks_find(&t, getpid());
	assert_non_null(k);
	assert_true(k->is_main);
	if (k->has_stack) {
		assert_true((uintptr_t)&t >= k->stack_start);
		assert_true((uintptr_t)&t < k->stack_end);
		assert_true(!k->has_resident || k->stack_resident > 0);
	}
	tasks_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_tell_types),
	    cmocka_unit_test(a_file_cannot_pass_for_a_socket),
	    cmocka_unit_test(a_malformed_inode_is_none),
	    cmocka_unit_test(what_has_no_name_left_is_deleted),
	    cmocka_unit_test(fdinfo_gives_flags_and_position),
	    cmocka_unit_test(nonsense_is_no_fdinfo),
	    cmocka_unit_test(all_flags_fit_into_their_text),
	    cmocka_unit_test(a_tcp_socket_comes_with_queues_and_memory),
	    cmocka_unit_test(a_message_cut_anywhere_is_never_read_past),
	    cmocka_unit_test(
		attributes_that_lie_about_their_length_end_the_message),
	    cmocka_unit_test(the_end_and_errors_are_told_apart),
	    cmocka_unit_test(a_unix_peer_is_called_by_its_name),
	    cmocka_unit_test(the_text_of_tcp_is_understood),
	    cmocka_unit_test(a_text_cut_anywhere_is_never_read_past),
	    cmocka_unit_test(a_unix_name_may_hold_anything_but_counts_once),
	    cmocka_unit_test(sizes_of_kernel_objects_are_found),
	    cmocka_unit_test(a_name_may_look_like_the_rest_of_stat),
	    cmocka_unit_test(stat_cut_anywhere_is_refused_or_whole),
	    cmocka_unit_test(the_stack_pointer_is_the_last_but_one),
	    cmocka_unit_test(a_stack_is_its_own_mapping_or_none),
	    cmocka_unit_test(numbers_in_names_fold),
	    cmocka_unit_test(the_share_is_of_the_time_between),
	    cmocka_unit_test(our_own_descriptors_are_seen),
	    cmocka_unit_test(nobody_is_gone),
	    cmocka_unit_test(our_own_stack_is_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
