/* SPDX-License-Identifier: MIT */
/*
 * Profiles from strangers: any bytes are refused or become a valid profile
 * that every encoder can write, and that comes back from pprof as it was.
 *
 * Built with libFuzzer by --enable-fuzzers; else it replays the files that it
 * is given.
 */
#include "config.h"

#include "encode/encode.h"
#include "profile/ops.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
insist(bool what, const char *sentence)
{
	if (!what) {
		fprintf(stderr, "%s\n", sentence);
		abort();
	}
}

static void
write_all(const struct profile *p)
{
	struct encode_options o = { .rows = 20, .columns = 80, .type = -1 };
	struct profile *again;
	struct err e;

	for (size_t i = 0; encoders[i] != NULL; i++) {
		struct buf out = BUF_INIT;

		insist(encoders[i]->write(&out, p, &o, &e) == 0, e.text);
		if (encoders[i] == encoder_find("pprof")) {
			again = profile_decode(out.bytes, out.len, "again", &e);
			insist(again != NULL, e.text);
			/* Names that were not UTF-8 may have become equal. */
			insist(again->n_samples <= p->n_samples,
			    "samples were made up");
			profile_free(again);
		}
		buf_free(&out);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct profile *p, *r;
	struct err e = { .text = "" };

	for (size_t i = 0; decoders[i] != NULL; i++)
		decoders[i]->sniff((const char *)bytes, len);
	p = profile_decode((const char *)bytes, len, "input", &e);
	if (p == NULL) {
		insist(e.text[0] != '\0', "refused without a sentence");
		return 0;
	}
	insist(profile_valid(p, &e), e.text);
	write_all(p);
	r = profile_diff(p, p, &e);
	insist(r != NULL && profile_valid(r, &e), e.text);
	profile_free(r);
	profile_free(p);
	return 0;
}

#ifndef FUZZING_WITH_LIBFUZZER
int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct buf b = BUF_INIT;
		struct err e;

		if (buf_read_file(&b, argv[i], 64 << 20, &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&b), b.len);
		buf_free(&b);
	}
	printf("%d files replayed\n", argc - 1);
	return 0;
}
#endif
