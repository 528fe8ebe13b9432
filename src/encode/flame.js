/*
 * The flame graph. The data, in the element #data:
 *	title, time and duration (ms), types: [[name, unit], ...],
 *	default: index of the type that is shown first,
 *	frames: [[function, file or module], ...],
 *	samples: [[[frame, ... root first], value of each type], ...]
 * All text reaches the page through textContent.
 */
"use strict";
(function () {
	const HEIGHT = 20, NARROWEST = 0.6;
	let data = JSON.parse(document.getElementById("data").textContent);
	let type = data.default, flipped = true, found = "", hits = null;
	let root, zoomed, base = null, live = null, order = "self";
	let kept = null; /* the search whose stacks alone are drawn */
	let shown = [], selected = 0, pointer = "";

	/* ---- page ---- */

	function make(tag, parent, text, attributes) {
		const e = document.createElement(tag);
		if (text !== undefined)
			e.textContent = text;
		for (const a in attributes || {})
			e.setAttribute(a, attributes[a]);
		if (parent)
			parent.append(e);
		return e;
	}

	function button(text, title, action) {
		const b = make("button", header, text, { title: title });
		b.onclick = action;
		return b;
	}

	const served = location.protocol.startsWith("http") &&
	    document.querySelector("script[src]") !== null;
	const header = make("header", document.body);
	if (served)
		make("a", header, "\u2190 process", { href: location.pathname
		    .replace(/flame\/[^/]*$/, ""), title: "its page" });
	const title = make("strong", header);
	const search = make("input", header, "", { type: "search",
		placeholder: "search (/)", "aria-label": "search" });
	const only = button("only", "draw only the stacks that have it (Enter " +
	    "in the search)", setOnly);
	const choice = make("select", header, "", { "aria-label": "value" });
	const flip = button("flame", "icicle or flame (i)", turn);
	button("reset", "whole graph (Esc)", () => zoom(root));
	const keep = button("baseline", "show changes from now on (b)", setBase);
	const follow = button("live", "ask again every 5 seconds (l)", setLive);
	const both = make("div", document.body, undefined, { class: "both" });
	const graph = make("div", both, undefined, { class: "graph",
		role: "tree", "aria-label": "flame graph" });
	const aside = make("aside", both);
	const footer = make("footer", document.body);
	if (!served)
		keep.hidden = follow.hidden = true;

	/* ---- numbers ---- */

	function amount(v) {
		const unit = data.types[type][1];
		const sign = v < 0 ? "-" : base && v > 0 ? "+" : "";
		let n = Math.abs(v), i = 0, step = 1000;
		let names = ["", "k", "M", "G", "T"];
		if (unit === "bytes") {
			step = 1024;
			names = ["B", "KiB", "MiB", "GiB", "TiB"];
		} else if (unit === "nanoseconds") {
			names = ["ns", "us", "ms", "s"];
		}
		while (n >= step && i < names.length - 1) {
			n /= step;
			i++;
		}
		return sign + (i && n < 999.5 ? n.toPrecision(3) :
		    Math.round(n)) +
		    (names[i] ? " " + names[i] : "");
	}

	function share(v) {
		const all = root.size || 1;
		return (100 * Math.abs(v) / all).toFixed(1) + "%";
	}

	/* ---- tree ---- */

	function node(name, where, parent) {
		return { name: name, where: where, parent: parent, value: 0,
			self: 0, size: 0, depth: parent ? parent.depth + 1 : 0,
			kids: new Map() };
	}

	function grow(d, sign) {
		for (const s of d.samples) {
			const v = sign * s[type + 1];
			let at = root;
			if (v === 0 || (kept !== null &&
			    !s[0].some((f) => kept.test(d.frames[f][0]) ||
			    kept.test(d.frames[f][1]))))
				continue;
			root.value += v;
			for (const f of s[0]) {
				const [name, where] = d.frames[f];
				const key = name + "\n" + where;
				let kid = at.kids.get(key);
				if (!kid)
					at.kids.set(key,
					    kid = node(name, where, at));
				kid.value += v;
				at = kid;
			}
			at.self += v;
		}
	}

	/* Width: what changed below, whichever way; without a baseline that is
	 * the value itself. */
	function measure(n) {
		let size = 0;
		for (const k of n.kids.values())
			size += measure(k);
		n.size = size + Math.abs(n.self);
		return n.size;
	}

	function build() {
		const path = [];
		for (let n = zoomed; n && n.parent; n = n.parent)
			path.unshift(n.name + "\n" + n.where);
		root = node("all", "", null);
		grow(data, 1);
		if (base)
			grow(base, -1);
		measure(root);
		zoomed = root;
		for (const key of path) {
			const n = zoomed.kids.get(key);
			if (!n)
				break;
			zoomed = n;
		}
	}

	/* ---- drawing ---- */

	function color(n) {
		let h = 0;
		if (base) {
			const part = n.size ? n.value / n.size : 0;
			const light = 90 - 28 * Math.abs(part);
			return "hsl(" + (part > 0 ? 4 : 212) + " 75% " + light +
			    "%)";
		}
		if (n.value < 0)
			return "hsl(212 75% 68%)";
		for (const c of n.where || n.name)
			h = (h * 31 + c.codePointAt(0)) >>> 0;
		return "hsl(" + (18 + h % 38) + " 82% " +
		    (62 + (h >>> 8) % 14) + "%)";
	}

	function hit(n) {
		return hits !== null && (hits.test(n.name) || hits.test(n.where));
	}

	function describe(n) {
		return n.name + (n.where ? " (" + n.where + ")" : "") + ": " +
		    amount(n.value) + ", " + share(n.value) +
		    (n.self ? "; itself " + amount(n.self) : "");
	}

	function place(n, x, width, above) {
		const e = make("div", null, n.name, { role: "treeitem",
			tabindex: "-1", "aria-label": describe(n) });
		e.style.left = x + "px";
		e.style.width = width + "px";
		e.style.background = color(n);
		e.dataset.depth = n.depth;
		if (width < 12)
			e.textContent = "", e.style.padding = "0";
		if (above)
			e.classList.add("above");
		if (hit(n))
			e.classList.add("hit");
		shown.push({ n: n, e: e, x: x });
	}

	function lay(n, x, width) {
		place(n, x, width, false);
		const kids = [...n.kids.values()].sort((a, b) =>
		    a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
		for (const k of kids) {
			const w = n.size ? width * k.size / n.size : 0;
			if (w >= NARROWEST)
				lay(k, x, w);
			x += w;
		}
	}

	function draw() {
		const width = graph.clientWidth;
		let deepest = 0;
		shown = [];
		for (let n = zoomed.parent; n; n = n.parent)
			place(n, 0, width, true);
		lay(zoomed, 0, width);
		for (const s of shown)
			deepest = Math.max(deepest, s.n.depth);
		/* Flames stand on the floor. */
		const floor = Math.max(0, graph.clientHeight -
		    HEIGHT * (deepest + 1));
		for (const s of shown)
			s.e.style.top = (flipped ? HEIGHT * s.n.depth : floor +
			    HEIGHT * (deepest - s.n.depth)) + "px";
		graph.replaceChildren(...shown.map((s) => s.e));
		shown.forEach((s, i) => {
			s.e.onclick = () => zoom(s.n);
			s.e.onmouseenter = (e) => {
				/* What is drawn anew under a pointer that rests
				 * has not been pointed at. */
				const now = e.screenX + " " + e.screenY;
				if (now !== pointer)
					say(describe(s.n));
				pointer = now;
			};
			s.e.onmousemove = (e) => {
				pointer = e.screenX + " " + e.screenY;
			};
			s.e.onfocus = () => {
				selected = i;
				say(describe(s.n));
			};
		});
		title.textContent = data.title + (base ? ", change" : "") +
		    (kept ? ", with \u201c" + found + "\u201d" : "");
		only.setAttribute("aria-pressed", String(kept !== null));
		document.title = title.textContent + " - ullage";
		flip.textContent = flipped ? "flame" : "icicle";
		keep.setAttribute("aria-pressed", String(base !== null));
		follow.setAttribute("aria-pressed", String(live !== null));
		if (!flipped)
			graph.scrollTop = graph.scrollHeight;
		summary();
		table();
	}

	function say(text) {
		footer.textContent = text;
	}

	/* What the search found: every sample once, though it be hit twice. */
	function summary() {
		let sum = 0;
		function walk(n) {
			if (hit(n))
				sum += n.value;
			else
				n.kids.forEach(walk);
		}
		if (hits !== null) {
			walk(root);
			say("found \u201c" + found + "\u201d: " + amount(sum) +
			    ", " + share(sum));
		} else if (root.size === 0) {
			say(base ? "Nothing has changed since." :
			    "There is nothing in this profile.");
		} else {
			say(describe(zoomed) + (base ?
			    ". Red has grown since, blue has shrunk." : ""));
		}
	}

	/* ---- table ---- */

	function functions() {
		const rows = new Map();
		function walk(n, open) {
			const key = n.name + "\n" + n.where;
			let r = rows.get(key);
			if (!r)
				rows.set(key, r = { name: n.name, where: n.where,
					self: 0, total: 0 });
			r.self += n.self;
			/* Recursion counts once. */
			const first = !open.has(key);
			if (first) {
				r.total += n.value;
				open.add(key);
			}
			n.kids.forEach((k) => walk(k, open));
			if (first)
				open.delete(key);
		}
		if (zoomed === root)
			root.kids.forEach((k) => walk(k, new Set()));
		else
			walk(zoomed, new Set());
		const other = order === "self" ? "total" : "self";
		return [...rows.values()].filter((r) => (r.self || r.total) &&
		    (hits === null || hit(r)))
		    .sort((a, b) => Math.abs(b[order]) - Math.abs(a[order]) ||
			Math.abs(b[other]) - Math.abs(a[other]));
	}

	function table() {
		const t = make("table"), top = make("tr", t);
		make("th", top, "function");
		for (const column of ["self", "total"]) {
			make("th", top, column + (order === column ? " \u25be" :
			    "")).onclick = () => {
				order = column;
				table();
			};
		}
		for (const r of functions().slice(0, 200)) {
			const row = make("tr", t);
			const name = make("td", row, r.name, { title: r.where });
			name.onclick = () => {
				search.value = r.name;
				seek();
			};
			make("td", row, amount(r.self));
			make("td", row, amount(r.total));
		}
		aside.replaceChildren(t);
	}

	/* ---- what can be done ---- */

	function zoom(n) {
		zoomed = n;
		draw();
		focusOn(n);
	}

	function focusOn(n) {
		const s = shown.find((x) => x.n === n);
		if (s)
			s.e.focus({ preventScroll: false });
	}

	function turn() {
		flipped = !flipped;
		draw();
	}

	function setOnly() {
		kept = kept === null ? hits : null;
		build();
		draw();
	}

	function seek() {
		found = search.value;
		hits = null;
		if (kept !== null) {
			kept = null;
			build();
		}
		if (found !== "") {
			try {
				hits = new RegExp(found, "i");
			} catch (e) {
				hits = null;
			}
			/* A C++ name is seldom the expression it looks like. */
			if (hits === null || !root || !matches(root))
				hits = new RegExp(found.replace(
				    /[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
		}
		draw();
	}

	function matches(n) {
		return hit(n) || [...n.kids.values()].some(matches);
	}

	function setBase() {
		base = base ? null : data;
		build();
		draw();
		if (base && !live)
			setLive();
	}

	async function ask() {
		try {
			const answer = await fetch(location.pathname + "?json");
			if (answer.ok) {
				data = await answer.json();
				build();
				draw();
			} else {
				say(await answer.text());
				stop();
			}
		} catch (e) {
			say("The server does not answer.");
			stop();
		}
		if (live !== null)
			live = setTimeout(ask, 5000);
	}

	function stop() {
		clearTimeout(live);
		live = null;
		follow.setAttribute("aria-pressed", "false");
	}

	function setLive() {
		if (live !== null) {
			stop();
			return;
		}
		live = 0;
		follow.setAttribute("aria-pressed", "true");
		ask();
	}

	/* The frame above, below or beside the selected one on the screen. */
	function step(key) {
		const at = shown[selected];
		if (!at)
			return;
		const down = key === "ArrowDown", up = key === "ArrowUp";
		let to = null;
		if (down || up) {
			to = down === flipped ? shown.find((s) =>
			    s.n.parent === at.n) :
			    shown.find((s) => s.n === at.n.parent);
		} else {
			const row = shown.filter((s) => s.n.depth === at.n.depth)
			    .sort((a, b) => a.x - b.x);
			to = row[row.indexOf(at) + (key === "ArrowRight" ? 1 :
			    -1)];
		}
		if (to)
			to.e.focus();
	}

	document.onkeydown = (e) => {
		if (e.ctrlKey || e.metaKey || e.altKey)
			return;
		if (e.target === search || e.target === choice) {
			if (e.key === "Escape") {
				search.value = "";
				seek();
				search.blur();
			} else if (e.key === "Enter" && e.target === search &&
			    hits !== null) {
				setOnly();
			}
			return;
		}
		if (e.target.tagName === "BUTTON" &&
		    (e.key === "Enter" || e.key === " "))
			return;
		if (e.key.startsWith("Arrow"))
			step(e.key);
		else if (e.key === "Enter" && shown[selected])
			zoom(shown[selected].n);
		else if (e.key === "Backspace" && zoomed.parent)
			zoom(zoomed.parent);
		else if (e.key === "Escape")
			zoom(root);
		else if (e.key === "/")
			search.focus();
		else if (e.key === "i")
			turn();
		else if (e.key === "b" && served)
			setBase();
		else if (e.key === "l" && served)
			setLive();
		else
			return;
		e.preventDefault();
	};

	data.types.forEach((t, i) => make("option", choice, t[0],
	    { value: i }));
	choice.value = type;
	choice.onchange = () => {
		type = Number(choice.value);
		build();
		draw();
	};
	search.oninput = seek;
	window.onresize = draw;
	build();
	draw();
})();
