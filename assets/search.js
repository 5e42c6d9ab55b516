/* Search: what a chapter states comes first, then its text, then compiled pages, then the library.
 *
 * Sphinx finds titles and index entries only by at least half of their letters, in one piece. Here
 * every word of the query must begin a word of theirs; numbers and whole words count most.
 */
(function () {
  "use strict";

  if (typeof Search === "undefined") return; // every page but the one that searches
  const performed = Search._performSearch;

  // results are [page, title, anchor, description, score, file], and the best come last
  Search._performSearch = (query, ...terms) => {
    const stated = statements(words(query));
    const places = new Set(stated.map(place));
    const others = performed(query, ...terms).filter((result) => !places.has(place(result)));
    const all = [...others, ...stated];
    all.forEach((result) => (result[4] -= distance(result[0])));
    return all.sort((a, b) => a[4] - b[4] || b[1].localeCompare(a[1]));
  };

  const place = (result) => result[0] + result[2];
  const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_^-]+(\.[\p{L}\p{N}]+)*/gu) ?? [];

  function distance(page) {
    if (page.startsWith("book/library")) return 2000;
    return /^book\/(?!synthesis\/)[^/]+\//.test(page) ? 0 : 1000;
  }

  // titles of pages and sections, definitions and theorems, claims
  function statements(asked) {
    const { docnames, filenames, titles, alltitles, indexentries } = Search._index;
    const best = new Map();
    const note = (text, page, id, title, bonus) => {
      const score = match(asked, words(text));
      const result = [docnames[page], title, id ? "#" + id : "", null, score + bonus, filenames[page]];
      const known = best.get(place(result));
      if (score > 0 && !(known?.[4] >= result[4])) best.set(place(result), result);
    };
    for (const [title, found] of Object.entries(alltitles)) {
      for (const [page, id] of found) {
        const whole = titles[page] === title;
        note(title, page, id, whole ? title : `${titles[page]} > ${title}`, whole ? 30 : 20);
      }
    }
    for (const [entry, found] of Object.entries(indexentries)) {
      for (const [page, id] of found) {
        note(entry, page, id, titles[page], id.startsWith("claim-") ? 0 : 30);
      }
    }
    return [...best.values()];
  }

  // 0 where a word is missing; else from 100 to 300, by how many words are whole and how few are left
  function match(asked, there) {
    const begun = asked.every((word) => there.some((other) => other.startsWith(word)));
    if (!begun || asked.length === 0) return 0;
    const whole = asked.filter((word) => there.includes(word)).length / asked.length;
    return 100 + 100 * whole + (100 * asked.length) / Math.max(asked.length, there.length);
  }
})();
