"use strict";
const box = document.getElementById("filter");
const only = document.getElementById("holes");
const told = document.getElementById("shown");
const rows = Array.from(document.querySelectorAll("tr[data-thread]"), (row) => {
  const keys = Array.from(row.querySelectorAll("td[data-key]"));
  return { row, keys, text: row.textContent.toLowerCase(), start: keys.map((cell) => cell.textContent).join("\n") };
});
function apply() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  let above = null;
  for (const { row, keys, text, start } of rows) {
    const fits = words.every((word) => text.includes(word)) && (!only.checked || row.classList.contains("hole"));
    row.hidden = !fits;
    if (fits) {
      // The first row that is shown names its start in full, also where the row above it is filtered out.
      const same = above !== null && above.start === start && above.body === row.parentNode;
      for (const cell of keys) cell.classList.toggle("same", same);
      above = { start, body: row.parentNode };
      shown += 1;
    }
  }
  told.textContent = `${shown} of ${rows.length} threads shown`;
}
box.addEventListener("input", apply);
only.addEventListener("change", apply);
document.querySelector(".bar").hidden = false;
apply();
