/* Filter of the table of claims: by paper, by verdict, by text; the state lives in the URL. */
(function () {
  "use strict";

  const table = document.querySelector("table.claims-table");
  if (!table) return;
  const rows = Array.from(table.querySelectorAll("tr.claim"));

  for (const row of rows) {
    row.dataset.paper = classesAfter(row, "paper-").join().toUpperCase();
    row.dataset.verdict = classesAfter(row, "verdict-").join("; ").replaceAll("-", " ");
  }

  const papers = { A: "Paper A", B: "Paper B", C: "Paper C", D: "Paper D", NONE: "This book" };
  const form = document.createElement("form");
  form.className = "claims-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Filter the claims");
  const paper = select("claims-paper", "Paper", values("paper").map((v) => [v, papers[v] || v]));
  const verdict = select("claims-verdict", "Verdict", values("verdict").map((v) => [v, v]));
  const text = document.createElement("input");
  text.type = "search";
  text.id = "claims-text";
  add(text, "Text");
  const count = document.createElement("p");
  count.id = "claims-count";
  count.setAttribute("aria-live", "polite");
  form.append(count);
  (table.closest(".pst-scrollable-table-container") || table).before(form);

  const query = new URLSearchParams(window.location.search);
  paper.value = query.get("paper") || "";
  verdict.value = query.get("verdict") || "";
  text.value = query.get("text") || "";
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  update();

  function update() {
    const words = text.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden =
        (paper.value !== "" && row.dataset.paper !== paper.value) ||
        (verdict.value !== "" && !row.dataset.verdict.split("; ").includes(verdict.value)) ||
        (words !== "" && !row.textContent.toLowerCase().includes(words));
      if (!row.hidden) shown += 1;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
    remember({ paper: paper.value, verdict: verdict.value, text: text.value.trim() });
  }

  function remember(state) {
    const url = new URL(window.location.href);
    for (const [key, value] of Object.entries(state)) {
      if (value) url.searchParams.set(key, value);
      else url.searchParams.delete(key);
    }
    window.history.replaceState(null, "", url);
  }

  function classesAfter(row, prefix) {
    const found = Array.from(row.classList).filter((name) => name.startsWith(prefix));
    return found.map((name) => name.slice(prefix.length));
  }

  function values(key) {
    return Array.from(new Set(rows.flatMap((row) => row.dataset[key].split("; ")))).sort();
  }

  function select(id, name, options) {
    const element = document.createElement("select");
    element.id = id;
    for (const [value, label] of [["", "all"], ...options]) {
      element.add(new Option(label, value));
    }
    add(element, name);
    return element;
  }

  function add(element, name) {
    const label = document.createElement("label");
    label.htmlFor = element.id;
    label.textContent = name;
    const field = document.createElement("div");
    field.append(label, element);
    form.append(field);
  }
})();
