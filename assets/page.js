/* Every page: names that the theme's navigation lacks, and the page as it goes to paper. */
(function () {
  "use strict";

  const root = document.documentElement;

  document.querySelector(".bd-sidebar-primary .navbar-brand")?.parentElement.setAttribute("role", "banner");
  for (const summary of document.querySelectorAll(".bd-sidebar-primary summary")) {
    const parent = summary.closest("li").querySelector("a");
    summary.setAttribute("aria-label", `Pages of ${parent.textContent}`);
  }

  // a role of the past, in a list; and the corner of a table, which heads nothing
  document.querySelectorAll('[role="doc-biblioentry"]').forEach((e) => e.setAttribute("role", "listitem"));
  for (const head of document.querySelectorAll("th.head"))
    if (!head.textContent.trim()) head.replaceWith(document.createElement("td"));

  // on paper: the light theme, and what is folded below claims unfolded; then as it was
  let theme, folded;
  window.addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    folded = document.querySelectorAll("details.claim-details:not([open])");
    folded.forEach((details) => (details.open = true));
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = theme;
    folded.forEach((details) => (details.open = false));
  });
})();
