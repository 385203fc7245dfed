"use strict";
document.documentElement.classList.add("js");

// Dark and light: the reader's system decides until the button does.
const theme = document.getElementById("theme");
const system = matchMedia("(prefers-color-scheme: dark)");
function remembered(value) {
  try {
    if (value !== undefined) localStorage.setItem("same-eyes-theme", value);
    return localStorage.getItem("same-eyes-theme");
  } catch {
    return null; // a page from disk may have no storage
  }
}
function paint() {
  const chosen = document.documentElement.dataset.theme;
  theme.setAttribute("aria-pressed", String(chosen ? chosen === "dark" : system.matches));
}
if (remembered()) document.documentElement.dataset.theme = remembered();
theme.addEventListener("click", () => {
  const next = theme.getAttribute("aria-pressed") === "true" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  remembered(next);
  paint();
});
system.addEventListener("change", paint);
paint();

// Sorting: the button in a column's head; what is missing stays last.
function keyOf(row, column, how) {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  const number = text === "" ? NaN : Number(text);
  if (how === "number" || (how === "either" && !Number.isNaN(number))) return number;
  return text.toLowerCase();
}
function isMissing(key) {
  return key === "" || Number.isNaN(key);
}
function sort(button) {
  const head = button.closest("th");
  const table = head.closest("table");
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row) => [keyOf(row, head.cellIndex, head.dataset.how), row]);
  keyed.sort(([a], [b]) => {
    if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    return up ? order : -order;
  });
  body.append(...keyed.map(([, row]) => row));
}
for (const button of document.querySelectorAll(".sortable thead button")) button.addEventListener("click", () => sort(button));

// The filter: rows, tiles and cards of one verdict.
const filter = document.getElementById("filter");
filter.addEventListener("change", () => {
  const wanted = new FormData(filter).get("verdict");
  for (const each of document.querySelectorAll("[data-verdict]")) each.hidden = Boolean(wanted) && each.dataset.verdict !== wanted;
  for (const topic of document.querySelectorAll(".topic")) topic.querySelector(".none").hidden = Boolean(topic.querySelector(".claim:not([hidden])"));
  const rows = [...document.querySelectorAll("#claims-table tbody tr")];
  document.getElementById("shown").value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims shown`;
});
filter.addEventListener("submit", (event) => event.preventDefault());

// A link to a claim opens it.
function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  if (target.hidden) {
    filter.reset();
    filter.dispatchEvent(new Event("change"));
  }
  target.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", reveal);
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#c-"]');
  if (link && link.hash === location.hash) reveal(); // a second click changes no hash
});
reveal();

for (const button of document.querySelectorAll(".expand")) {
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    for (const claim of button.closest("section").querySelectorAll("details.claim")) claim.open = open;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Close all" : "Open all";
  });
}

// On paper what did not reproduce is open; of the rest a line is enough.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll('details:is([data-verdict="not reproduced"], [data-verdict="inconclusive"]):not([open])')];
  for (const each of closed) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of closed) each.open = false;
});
