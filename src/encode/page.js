/* The pages bring themselves up to date, without losing the reader's place. */
"use strict";
(function () {
	const every = 5000;

	async function refresh() {
		if (!document.hidden) {
			try {
				const answer = await fetch(location.href);
				const page = new DOMParser().parseFromString(
				    await answer.text(), "text/html");
				const now = page.querySelector("main");
				if (answer.ok && now)
					document.querySelector("main")
					    .replaceWith(now);
				else if (!answer.ok)
					document.title = "(ended) " +
					    document.title.replace(
						/^\(ended\) /, "");
			} catch (e) {
				/* The server is away; it may come back. */
			}
		}
		setTimeout(refresh, every);
	}
	setTimeout(refresh, every);
})();
