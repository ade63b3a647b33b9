"use strict";
const box = document.getElementById("filter");
const only = document.getElementById("holes");
const told = document.getElementById("shown");
const rows = Array.from(document.querySelectorAll("tr[data-thread]"), (row) => [row, row.textContent.toLowerCase()]);
function apply() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [row, text] of rows) {
    const fits = words.every((word) => text.includes(word)) && (!only.checked || row.classList.contains("hole"));
    row.hidden = !fits;
    shown += fits ? 1 : 0;
  }
  told.textContent = `${shown} of ${rows.length} threads shown`;
}
box.addEventListener("input", apply);
only.addEventListener("change", apply);
document.querySelector(".bar").hidden = false;
apply();
