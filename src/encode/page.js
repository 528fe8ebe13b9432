/* The pages bring themselves up to date, without losing the reader's place;
 * and a plot tells its values under the pointer. */
"use strict";
(function () {
	const every = 5000;
	let last = null; /* where the pointer is */

	/* ---- new every few seconds ---- */

	function replace(now) {
		const at = document.activeElement;
		const link = at && at.getAttribute("href");
		document.querySelector("main").replaceWith(now);
		if (!link)
			return;
		for (const a of document.querySelectorAll("main a"))
			if (a.getAttribute("href") === link) {
				a.focus({ preventScroll: true });
				return;
			}
	}

	async function refresh() {
		if (!document.hidden && String(getSelection()) === "") {
			try {
				const answer = await fetch(location.href);
				const page = new DOMParser().parseFromString(
				    await answer.text(), "text/html");
				const now = page.querySelector("main");
				if (answer.ok && now)
					replace(now);
				document.body.classList.toggle("ended",
				    !answer.ok);
			} catch (e) {
				/* The server is away; it may come back. */
				document.body.classList.add("ended");
			}
			if (last)
				point(last);
		}
		setTimeout(refresh, every);
	}

	/* ---- values under the pointer ---- */

	const LEFT = 58, RIGHT = 550, TOP = 8, BOTTOM = 146;

	function amount(v, unit) {
		const names = ["", "K", "M", "G", "T"];
		let i = 0;
		if (unit === 2)
			return v.toFixed(2);
		if (unit === 1)
			return String(Math.round(v));
		while (v >= 1024 && i < names.length - 1) {
			v /= 1024;
			i++;
		}
		return (i && v < 999.5 ? v.toPrecision(3) : Math.round(v)) +
		    names[i];
	}

	/* The points of a path: "M1 2L3 4M5 6". */
	function points(path) {
		return path.getAttribute("d").split(/[ML]/).filter((s) => s)
		    .map((s) => s.split(" ").map(Number));
	}

	function clear() {
		for (const e of document.querySelectorAll(".cursor, .value"))
			e.remove();
	}

	function draw(svg, name, attributes, text) {
		const e = document.createElementNS(
		    "http://www.w3.org/2000/svg", name);
		for (const a in attributes)
			e.setAttribute(a, attributes[a]);
		if (text)
			e.textContent = text;
		svg.append(e);
	}

	function point(e) {
		const at = document.elementFromPoint(e.clientX, e.clientY);
		const svg = at && at.closest("svg.plot");
		clear();
		if (!svg)
			return;
		const box = svg.getBoundingClientRect();
		const x = (e.clientX - box.left) * 560 / box.width;
		if (x < LEFT || x > RIGHT)
			return;
		const scale = Number(svg.dataset.scale) / 100;
		const from = Number(svg.dataset.from);
		const to = Number(svg.dataset.to);
		const unit = Number(svg.dataset.unit);
		let near = null;
		const found = [];
		for (const path of svg.querySelectorAll("path.line")) {
			let best = null;
			for (const p of points(path))
				if (!best || Math.abs(p[0] - x) <
				    Math.abs(best[0] - x))
					best = p;
			if (best) {
				found.unshift(path.dataset.name + " " + amount(
				    scale * (BOTTOM - best[1]) /
				    (BOTTOM - TOP), unit));
				near = best[0];
			}
		}
		if (near === null)
			return;
		const when = new Date(from + (to - from) * (near - LEFT) /
		    (RIGHT - LEFT));
		draw(svg, "path", { class: "cursor", d: "M" + near + " " + TOP +
		    "V" + BOTTOM });
		draw(svg, "text", { class: "value" + (near > 310 ? " end" : ""),
		    x: near + (near > 310 ? -6 : 6), y: TOP + 11 },
		    when.toLocaleTimeString() + "  " + found.join(", "));
	}

	document.addEventListener("pointermove", (e) => {
		last = e;
		point(e);
	});
	setTimeout(refresh, every);
})();
