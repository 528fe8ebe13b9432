#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# An independent reader of pprof files, with the rules of those who store them:
#
#   pprof.py FILE...          checks each; a line of its types and totals
#   pprof.py --grow FILE...   the same, and that no stack's first two values
#                             (cumulative ones) fall from one to the next
#
# What is checked is what Parca refuses: ids that are not 1, 2, 3..., a string
# table that does not begin with "", samples with another number of values than
# there are types, references to nothing, no period type.
import gzip
import sys


class Bad(Exception):
    pass


def varint(b, i):
    value = shift = 0
    while True:
        if i >= len(b) or shift > 63:
            raise Bad("a number ends too early")
        value |= (b[i] & 0x7F) << shift
        i += 1
        if b[i - 1] < 0x80:
            return value, i
        shift += 7


def signed(v):
    return v - (1 << 64) if v >> 63 else v


def fields(b):
    """The fields of a message: number, and an int or the bytes."""
    i = 0
    while i < len(b):
        key, i = varint(b, i)
        if key & 7 == 0:
            value, i = varint(b, i)
        elif key & 7 == 2:
            size, i = varint(b, i)
            if i + size > len(b):
                raise Bad("a field ends too late")
            value, i = b[i:i + size], i + size
        else:
            raise Bad("wire type %d" % (key & 7))
        yield key >> 3, value


def numbers(into, value):
    """Repeated integers, packed or not."""
    if isinstance(value, int):
        into.append(value)
        return
    i = 0
    while i < len(value):
        v, i = varint(value, i)
        into.append(v)


def scalar(message):
    out = {}
    for n, v in fields(message):
        out[n] = v
    return out


def location(message):
    out = {"lines": []}
    for n, v in fields(message):
        if n == 4:
            out["lines"].append(scalar(v))
        else:
            out[n] = v
    return out


def sample(message):
    ids, values, labels = [], [], []
    for n, v in fields(message):
        if n == 1:
            numbers(ids, v)
        elif n == 2:
            numbers(values, v)
        elif n == 3:
            labels.append(scalar(v))
    return ids, [signed(v) for v in values], labels


class Profile:
    def __init__(self, path):
        with open(path, "rb") as f:
            packed = f.read()
        if packed[:2] != b"\x1f\x8b":
            raise Bad("not gzip")
        self.types, self.samples, self.strings = [], [], []
        self.mappings, self.locations, self.functions = [], [], []
        self.period_type, self.time, self.duration = None, 0, 0
        for n, v in fields(gzip.decompress(packed)):
            if n == 1:
                self.types.append(scalar(v))
            elif n == 2:
                self.samples.append(sample(v))
            elif n == 3:
                self.mappings.append(scalar(v))
            elif n == 4:
                self.locations.append(location(v))
            elif n == 5:
                self.functions.append(scalar(v))
            elif n == 6:
                self.strings.append(v.decode("utf-8"))
            elif n == 9:
                self.time = v
            elif n == 10:
                self.duration = v
            elif n == 11:
                self.period_type = scalar(v)
        self.check()

    def text(self, i):
        if i >= len(self.strings):
            raise Bad("there is no string %d" % i)
        return self.strings[i]

    def ids(self, what, rows):
        for i, row in enumerate(rows, 1):
            if row.get(1, 0) != i:
                raise Bad("%s %d has the id %d" % (what, i, row.get(1, 0)))

    def below(self, what, i, rows, zero=False):
        if i > len(rows) or (i == 0 and not zero):
            raise Bad("there is no %s %d" % (what, i))

    def check(self):
        if not self.strings or self.strings[0] != "":
            raise Bad("the string table does not begin with an empty one")
        if not self.types:
            raise Bad("no types")
        for t in self.types + [self.period_type or {}]:
            if self.text(t.get(1, 0)) == "" or self.text(t.get(2, 0)) == "":
                raise Bad("a type or the period type has no name or unit")
        self.ids("mapping", self.mappings)
        self.ids("location", self.locations)
        self.ids("function", self.functions)
        for f in self.functions:
            for n in (2, 3, 4):
                self.text(f.get(n, 0))
        for m in self.mappings:
            self.text(m.get(5, 0))
            self.text(m.get(6, 0))
            if m.get(2, 0) > m.get(3, 0):
                raise Bad("a mapping ends before it begins")
        for l in self.locations:
            self.below("mapping", l.get(2, 0), self.mappings, zero=True)
            for line in l["lines"]:
                self.below("function", line.get(1, 0), self.functions)
        for ids, values, labels in self.samples:
            if len(values) != len(self.types):
                raise Bad("a sample of %d values, not %d" %
                          (len(values), len(self.types)))
            for i in ids:
                self.below("location", i, self.locations)
            for l in labels:
                if self.text(l.get(1, 0)) == "":
                    raise Bad("a label without a name")
                self.text(l.get(2, 0))

    def names(self):
        return ["%s:%s" % (self.text(t[1]), self.text(t[2]))
                for t in self.types]

    def totals(self):
        return [sum(s[1][i] for s in self.samples)
                for i in range(len(self.types))]

    def stacks(self):
        """Values by stack: addresses and labels are what makes it one."""
        out = {}
        for ids, values, labels in self.samples:
            key = (tuple(self.locations[i - 1].get(3, 0) for i in ids),
                   tuple(sorted((self.text(l.get(1, 0)),
                                 self.text(l.get(2, 0)), l.get(3, 0))
                                for l in labels)))
            if key in out:
                raise Bad("a stack is there twice")
            out[key] = values
        return out


def grown(path, before, now):
    for key, old in before.items():
        # Rows of what is held now have nothing that is cumulative.
        if old[0] == 0 and old[1] == 0:
            continue
        new = now.get(key)
        if new is None:
            raise Bad("a stack of %s is gone" % old[:2])
        if new[0] < old[0] or new[1] < old[1]:
            raise Bad("a stack fell from %s to %s" % (old[:2], new[:2]))


def main(args):
    grow = args[:1] == ["--grow"]
    before, status, last = {}, 0, 0
    for path in args[grow:]:
        try:
            p = Profile(path)
            stacks = p.stacks()
            if grow:
                grown(path, before, stacks)
                if p.time < last:
                    raise Bad("it is older than the one before")
                before, last = stacks, p.time
            elif not p.time:
                raise Bad("it has no time")
            print(path, "%d samples" % len(p.samples),
                  " ".join("%s=%d" % v for v in zip(p.names(), p.totals())),
                  "period %s:%s" % (p.text(p.period_type[1]),
                                    p.text(p.period_type[2])),
                  "%.1f s" % (p.duration / 1e9))
        except (Bad, EOFError, OSError, UnicodeDecodeError) as e:
            print("%s: %s" % (path, e), file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
