# SPDX-License-Identifier: GPL-3.0-or-later
"""Contains the report's only script: search, sorting and the number of cards that are shown.

The page allows it by its hash, so that nothing else on the page can run: neither a prompt nor
what was added to the file later. Without it, for example in a viewer of mails, the page shows
everything but these tools.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

SORTS: Final = {
    "order": "List order",
    "name": "Name",
    "cost": "Highest cost",
    "triangles": "Most triangles",
    "seconds": "Longest time",
}
"""The choices by which cards are sorted: values, which the script knows, and words."""

SCRIPT: Final = """
"use strict";
const main = document.querySelector("main"), tools = document.querySelector(".tools");
const cards = [...main.querySelectorAll(".card")];
const search = tools.querySelector("input"), sort = tools.querySelector("select");
const count = tools.querySelector("output");
const words = new Map(cards.map(card => [card, card.textContent.toLowerCase()]));
const number = (card, name) => Number(card.dataset[name] ?? -1);
const name = card => card.querySelector("h2").textContent;
const chosen = group =>
  document.querySelector(`input[name=${group}]:checked`)?.value ?? "all";
function show() {
  const wanted = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const classes = [chosen("show"), chosen("use")].filter(c => c !== "all" && c !== "any");
  let shown = 0;
  for (const card of cards) {
    const found = wanted.every(word => words.get(card).includes(word));
    card.hidden = !found;
    shown += found && classes.every(c => card.classList.contains(c));
  }
  count.textContent = `${shown.toLocaleString("en")} of ${cards.length.toLocaleString("en")}`;
}
function order() {
  const by = sort.value, sorted = [...cards];
  if (by === "name") sorted.sort((a, b) => name(a).localeCompare(name(b)));
  else if (by !== "order") sorted.sort((a, b) => number(b, by) - number(a, by));
  main.append(...sorted);
}
let waiting = 0;
search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 120); });
sort.addEventListener("change", order);
for (const choice of document.querySelectorAll(".filters input"))
  choice.addEventListener("change", show);
tools.hidden = false;
order();
show();
"""

HASH: Final = base64.b64encode(hashlib.sha256(SCRIPT.encode("utf-8")).digest()).decode("ascii")
"""For the page's content security policy."""


def tools() -> str:
    """The search field and the choice of the order, which are hidden unless the script runs."""
    choices = "".join(f"<option value={value}>{words}</option>" for value, words in SORTS.items())
    return (
        '<div class=tools hidden><input type=search placeholder="Search" aria-label="Search">'
        f'<select aria-label="Sort by">{choices}</select><output aria-live=polite></output></div>\n'
    )
