/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/agent.h"
#include "agent/environment.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>

extern void *__libc_stack_end;

static const char *
value_of(char **envp, const char *name)
{
	size_t n = mini_length(name);

	for (; *envp != NULL; envp++)
		if (mini_starts(*envp, name) && (*envp)[n] == '=')
			return *envp + n + 1;
	return NULL;
}

static bool
is_separator(char c)
{
	return c == ':' || c == ' ';
}

/*
 * Removes the agent from a list of paths, which ld.so separates by colons or
 * blanks. True if nothing else was in it.
 */
static bool
remove_path(char *list, const char *path)
{
	size_t n = mini_length(path);
	char *out = list;

	for (char *s = list; *s != '\0';) {
		size_t len = 0;

		while (s[len] != '\0' && !is_separator(s[len]))
			len++;
		if (len != n || !mini_starts(s, path)) {
			if (out != list)
				*out++ = ':';
			for (size_t i = 0; i < len; i++)
				*out++ = s[i];
		}
		s += len;
		while (is_separator(*s))
			s++;
	}
	*out = '\0';
	return out == list;
}

/* The array is still the kernel's: nobody holds a pointer into it yet. */
static void
leave_preload(char **envp, const char *path)
{
	for (; *envp != NULL; envp++) {
		if (!mini_starts(*envp, "LD_PRELOAD="))
			continue;
		if (remove_path(*envp + mini_length("LD_PRELOAD="), path))
			for (char **e = envp; *e != NULL; e++)
				e[0] = e[1];
		return;
	}
}

/* "Seccomp:\t2" in /proc/self/status. */
static bool
under_filter(void)
{
	static char text[4096];
	long n;
	int fd;

	fd = (int)mini_call4(SYS_openat, AT_FDCWD, "/proc/self/status",
	    O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	n = mini_call3(SYS_read, fd, text, sizeof text - 1);
	mini_call1(SYS_close, fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	for (char *s = text; *s != '\0'; s++)
		if (mini_starts(s, "\nSeccomp:\t"))
			return s[10] != '0';
	return false;
}

static void
read_auxv(const Elf64_auxv_t *aux, struct environment *env)
{
	for (; aux->a_type != AT_NULL; aux++) {
		if (aux->a_type == AT_SECURE && aux->a_un.a_val != 0)
			env->disabled = true;
		if (aux->a_type == AT_RANDOM)
			env->random = *(const uint64_t *)aux->a_un.a_val;
	}
}

/* True if calls of malloc do not come to us, whatever the reason. */
static bool
is_shadowed(void)
{
	const struct link_map *first = real_self();
	const struct link_map *own = first;

	if (own == NULL)
		return false;
	while (first->l_prev != NULL)
		first = first->l_prev;
	for (; first != NULL && first != own; first = first->l_next)
		if (real_in(first, "malloc") != NULL)
			return true;
	return false;
}

/* "off", "100", "100%", "12.5": thousandths of a percent. Anything else, and
 * what is beyond the largest, is off. */
static uint64_t
parse_percent(const char *s)
{
	uint64_t n, scale = ULL_TRIM_ONE;
	const char *end;

	n = mini_parse_number(s, &end);
	if (end == s || end - s > 7)
		return ULL_TRIM_OFF;
	n *= ULL_TRIM_ONE;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++)
			n += (uint64_t)(*end - '0') * (scale /= 10);
	if (*end == '%')
		end++;
	return *end == '\0' && n <= ULL_TRIM_MAX ? n : ULL_TRIM_OFF;
}

HIDDEN void
environment_read(struct environment *env)
{
	char **argv = (char **)__libc_stack_end + 1;
	char **envp = argv + *(long *)__libc_stack_end + 1;
	const struct link_map *own = real_self();
	const char *value;
	char **aux = envp;

	while (*aux != NULL)
		aux++;
	env->interval = 512 * 1024;
	env->follow = FOLLOW_ALL;
	read_auxv((const Elf64_auxv_t *)(aux + 1), env);
	if (value_of(envp, "ULLAGE_DISABLE") != NULL)
		env->disabled = true;
	if ((value = value_of(envp, "ULLAGE_SAMPLE_INTERVAL")) != NULL)
		mini_parse_size(value, &env->interval);
	env->trim = ULL_TRIM_OFF;
	if ((value = value_of(envp, "ULLAGE_TRIM_PERCENT")) != NULL)
		env->trim = parse_percent(value);
	if ((value = value_of(envp, "ULLAGE_MEMORY_LIMIT")) != NULL)
		mini_parse_size(value, &env->memory_limit);
	if ((value = value_of(envp, "ULLAGE_DIR")) != NULL && *value == '/')
		mini_copy(env->dir, sizeof env->dir, value);
	if ((value = value_of(envp, "ULLAGE_FOLLOW")) != NULL) {
		if (mini_equal(value, "none"))
			env->follow = FOLLOW_NONE;
		else if (mini_equal(value, "fork"))
			env->follow = FOLLOW_FORK;
	}
	if (env->follow != FOLLOW_ALL && own != NULL)
		leave_preload(envp, own->l_name);
	env->shadowed = is_shadowed();
	env->filtered = under_filter();
}

/*
 * Not from the initial stack: a program that has been running may have
 * written its title over its environment.
 */
HIDDEN void
environment_take(struct environment *env, const struct ull_arm *how)
{
	*env = (struct environment){
		.interval = how->interval,
		.trim = how->trim,
		.memory_limit = how->memory_limit,
		.lease = how->lease,
		.follow = how->follow == ULL_FOLLOW_NONE ? FOLLOW_NONE :
							   FOLLOW_FORK,
		.disabled = getauxval(AT_SECURE) != 0,
		.filtered = under_filter(),
	};
	if (getauxval(AT_RANDOM) != 0)
		env->random = *(const uint64_t *)getauxval(AT_RANDOM);
	if (how->dir[0] == '/')
		mini_copy(env->dir, sizeof env->dir, how->dir);
}
