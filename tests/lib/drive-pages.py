#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
#   drive-pages.py URL PID HOSTILE-PID FILE.html [FOLDER]
#
# The pages of ullage serve in a browser, by hand and eye of a script: TAP.
# With a folder, screenshots go there: two sizes, both themes.
import os
import sys

from browser import Browser

url, pid, hostile, alone = sys.argv[1:5]
folder = sys.argv[5] if len(sys.argv) > 5 else None
cases = failed = 0


def ok(good, text, detail=None):
    global cases, failed
    cases += 1
    print("%sok %d - %s" % ("" if good else "not ", cases, text))
    if not good:
        failed = 1
        if detail is not None:
            print("# got:", detail)


def attempt(text, expression, seconds=20):
    ok(b.until(expression, seconds), text)


SIZES = [(1280, 800), (600, 900)]
COUNT = "document.querySelectorAll('.graph div').length"
TEXT = "document.querySelector('%s').textContent"
TOP = ("[...document.querySelectorAll('.graph div')]"
       ".find(d => d.dataset.depth == '%d')")


def shots(name):
    if not folder:
        return
    for width, height in SIZES:
        for dark in (False, True):
            b.size(width, height, dark)
            b.until("new Promise(r => requestAnimationFrame(() => "
                    "requestAnimationFrame(() => r(true))))")
            b.shot(os.path.join(folder, "%s-%d-%s.png" % (
                name, width, "dark" if dark else "light")))
    b.size(*SIZES[0], False)


def overview():
    b.go(url + "/")
    ok("processes" in b.run(TEXT % "h1"), "the overview has its heading")
    ok(b.run("document.querySelectorAll('table tr').length") >= 3,
       "every process has a row")
    ok(b.run("[...document.querySelectorAll('td')].some(d => "
             "d.textContent.startsWith('<script>'))"),
       "<script> as the name of a process is text")
    ok(b.run("document.querySelectorAll('main script').length") == 0,
       "and no script")
    ok(b.run("document.querySelectorAll('svg.plot path.line').length") > 0,
       "there are plots")
    b.run("document.querySelector('main').dataset.old = '1'")
    b.run("document.querySelector('a[href=\"/pid/%s/\"]').focus()" % pid)
    attempt("it brings itself up to date without being loaded again",
            "!document.querySelector('main').dataset.old")
    ok(b.events.count("Page.loadEventFired") <= 1, "one load", b.events)
    ok(b.run("document.activeElement.getAttribute('href')") ==
       "/pid/%s/" % pid, "the focus stays where it was")
    for theme in (False, True):
        b.size(*SIZES[0], theme)
        ok(b.run("getComputedStyle(document.body).backgroundColor") ==
           ("rgb(22, 25, 28)" if theme else "rgb(253, 253, 252)"),
           "the %s theme" % ("dark" if theme else "light"))
    b.size(600, 900, False)
    ok(b.run("document.documentElement.scrollWidth") <= 600,
       "a narrow window does not scroll sideways")
    shots("overview")


def process():
    b.go("%s/pid/%s/" % (url, pid))
    headings = b.run("[...document.querySelectorAll('h2, figcaption strong')]"
                     ".map(e => e.textContent)")
    for part in ("resident memory", "memory", "descriptors", "limits",
                 "heap", "trims", "threads"):
        ok(part in headings, "the page of a process has " + part, headings)
    b.run("document.querySelector('svg.plot').scrollIntoView()")
    box = b.run("(() => { const r = document.querySelector('svg.plot')"
                ".getBoundingClientRect(); return [r.left, r.top, r.width, "
                "r.height] })()")
    b.mouse(box[0] + box[2] * 0.7, box[1] + box[3] * 0.5)
    attempt("a plot tells its values under the pointer",
            "/resident [0-9]/.test(%s)" % (TEXT % "svg .value"))
    ok(b.run("document.querySelectorAll('svg.bar rect').length") > 2,
       "the ledger is drawn")
    b.size(600, 900, False)
    ok(b.run("document.documentElement.scrollWidth") <= 600,
       "nor does it scroll sideways in a narrow window")
    b.run("scrollTo(0, 0)")
    shots("process")
    b.size(1280, 1900, False)
    if folder:
        b.shot(os.path.join(folder, "process-whole-light.png"))
        b.size(1280, 1900, True)
        b.shot(os.path.join(folder, "process-whole-dark.png"))
    b.size(*SIZES[0], False)


def flame():
    b.go("%s/pid/%s/flame/heap" % (url, pid))
    attempt("the flame graph draws frames", COUNT + " > 3")
    ok(b.run("document.querySelectorAll('aside tr').length") > 3,
       "and a table beside them")
    shots("flame")
    # Zoom: by mouse in, by key out.
    whole = b.run(COUNT)
    b.run("window.deep = [...document.querySelectorAll('.graph div')]"
          ".filter(d => d.clientWidth > 8).sort((x, y) => y.dataset.depth - x.dataset.depth)[0]")
    box = b.run("(() => { deep.scrollIntoView(); const r = "
                "deep.getBoundingClientRect(); return [r.left + r.width / 2, "
                "r.top + r.height / 2] })()")
    b.mouse(*box, click=True)
    attempt("a click zooms", COUNT + " != %d || document.querySelector("
            "'.graph div.above') != null" % whole)
    ok(b.run("document.querySelectorAll('.graph div.above').length") > 0,
       "what is above it stays, pale")
    shots("flame-zoomed")
    b.key("Escape")
    attempt("Escape shows the whole", COUNT + " >= %d - 2" % whole)
    # Keys.
    first = b.run("document.activeElement.dataset.depth")
    b.key("ArrowDown")
    ok(b.run("document.activeElement.dataset.depth") == "1",
       "an arrow goes to the frame below", first)
    b.key("Enter")
    attempt("Enter zooms", "!!document.querySelector('.graph div.above')")
    b.key("Backspace")
    attempt("Backspace goes up", "!document.querySelector('.graph div.above')")
    top = b.run(TOP % 0 + ".style.top")
    b.key("i")
    attempt("i turns it over", "%s.style.top !== '%s'" % (TOP % 0, top))
    shots("flame-up")
    b.key("i")
    # Search and focus.
    b.key("/")
    attempt("/ goes to the search",
            "document.activeElement.type === 'search'")
    b.mouse(5, 790)
    b.type("malloc|new|alloc")
    attempt("what is found is marked",
            "document.querySelectorAll('.graph div.hit').length > 0")
    ok("found" in b.run(TEXT % "footer"), "with its sum",
       b.run(TEXT % "footer"))
    shots("flame-search")
    b.key("Enter")
    attempt("Enter keeps the stacks that have it alone",
            "document.title.includes('with')")
    b.key("Escape")
    attempt("Escape takes the search away",
            "document.querySelectorAll('.graph div.hit').length == 0 && "
            "!document.title.includes('with')")
    # Units.
    one = b.run(TEXT % "footer")
    b.run("(() => { const s = document.querySelector('select'); s.value = "
          "(Number(s.value) + 1) % s.options.length; "
          "s.dispatchEvent(new Event('change')) })()")
    attempt("another unit, other numbers", "%s !== %r" % (TEXT % "footer", one))
    b.go("%s/pid/%s/flame/allocs" % (url, pid))
    # Against a baseline, live.
    attempt("the allocations are there", COUNT + " > 3")
    loads = b.events.count("Page.loadEventFired")
    b.key("b")
    attempt("b sets a baseline", "document.title.includes('change')")
    attempt("and what is allocated since then grows, without a click",
            COUNT + " > 2 && /\\+[1-9]/.test(%s)" % (TEXT % "footer"), 40)
    ok(b.events.count("Page.loadEventFired") == loads, "nor a load")
    ok(b.run("[...document.querySelectorAll('button[aria-pressed=true]')]"
             ".length") == 2, "baseline and live are lit")
    shots("flame-diff")
    b.key("l")
    b.key("b")
    attempt("b takes it away again", "!document.title.includes('change')")
    for kind in ("threads", "cpu", "fds"):
        b.go("%s/pid/%s/flame/%s" % (url, pid, kind))
        attempt("a flame graph of " + kind, COUNT + " >= 1")
        shots("flame-" + kind)


def hostile_pages():
    b.go("%s/pid/%s/" % (url, hostile))
    ok("<script>" in b.run(TEXT % "h1"), "its page says its name",
       b.run(TEXT % "h1"))
    shots("hostile")
    b.go("%s/pid/%s/flame/threads" % (url, hostile))
    attempt("its flame graph, too",
            "document.title.includes('<script>')")
    ok(b.run("[...document.scripts].every(s => s.src || s.type === "
             "'application/json')"), "and no script of its own")


def file_alone():
    b.requests.clear()
    b.go("file://" + alone)
    attempt("the one file draws frames", COUNT + " > 1")
    ok(b.run("document.title") != "", "and has a title")
    ok(all(r.startswith(("file:", "data:")) for r in b.requests),
       "it asks nobody for anything", b.requests)
    shots("file")


def ended():
    """A process that is not there: the page says so, and no error is thrown."""
    before = len(b.problems)
    b.go(url + "/pid/1/")
    ok("not served" in b.run("document.body.textContent"),
       "a process that is not served is told in a sentence")
    # The console notes the 404 itself, which was asked for.
    del b.problems[before:]


b = Browser()
try:
    b.size(*SIZES[0], False)
    overview()
    process()
    flame()
    hostile_pages()
    ended()
    asked = [r for r in b.requests
             if not r.startswith((url + "/", "data:", "about:"))]
    ok(not asked, "no request leaves the host (%d were made)" %
       len(b.requests), asked)
    file_alone()
    ok(not b.problems, "nothing on the console, no error, no dialog",
       b.problems)
finally:
    b.close()
print("1..%d" % cases)
sys.exit(failed)
