# SPDX-License-Identifier: GPL-3.0-or-later
"""Contains the style of the report: for phones to desktops, light and dark mode, and printing."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--back:#f5f5f3;--card:#fff;--text:#1d1d1b;--soft:#5d5d58;
--line:#deded9;--stage:#ecece8;--good:#1d6f42;--bad:#b3261e;--wait:#7a5a00}
@media (prefers-color-scheme:dark){:root{--back:#171716;--card:#232321;--text:#ececea;
--soft:#a8a8a2;--line:#383835;--stage:#55554f;--good:#6fce98;--bad:#ff8f85;--wait:#e3bd5b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1500px;padding:16px;background:var(--back);color:var(--text);
font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1,h2,p,dl,dd{margin:0}
h1{font-size:1.5rem;line-height:1.2}
.product{color:var(--soft);font-size:.85rem}
.totals{display:flex;flex-wrap:wrap;gap:8px;margin:16px 0}
.tile{flex:1 1 92px;max-width:180px;padding:8px 12px;border-radius:10px;background:var(--card);
border:1px solid var(--line)}
.tile dt{color:var(--soft);font-size:.8rem}
.tile dd{font-size:1.3rem;font-weight:650;font-variant-numeric:tabular-nums;
overflow-wrap:normal;white-space:nowrap}
.tile.done dd{color:var(--good)}
.tile.failed dd{color:var(--bad)}.tile.cancelled dd{color:var(--wait)}
.filters{border:0;margin:0 0 16px;padding:0;display:flex;flex-wrap:wrap;gap:8px}
.filters label{display:flex;align-items:center;min-height:40px;padding:0 14px;border-radius:20px;
border:1px solid var(--line);background:var(--card);cursor:pointer;white-space:nowrap}
.filters input{position:absolute;opacity:0;pointer-events:none}
.filters label:has(:checked){background:var(--text);color:var(--back);border-color:var(--text)}
.filters label:has(:focus-visible){outline:3px solid #4a90d9;outline-offset:2px}
.tools{display:flex;flex-wrap:wrap;gap:8px;align-items:center;position:sticky;top:0;z-index:1;
margin:0 0 16px;padding:8px 0;background:var(--back)}
[hidden]{display:none!important}
.tools input,.tools select{min-height:40px;padding:0 12px;border-radius:10px;font:inherit;
color:inherit;border:1px solid var(--line);background:var(--card)}
.tools input{flex:1 1 160px;max-width:420px;min-width:0}
.tools output{color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
main{display:grid;gap:12px;grid-template-columns:repeat(auto-fill,minmax(160px,1fr))}
@media (min-width:700px){main{grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:16px}
body{padding:24px}}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden;
content-visibility:auto;contain-intrinsic-size:auto 330px}
.card.failed{border-color:var(--bad)}
.picture{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--stage)}
.picture.none{display:grid;place-items:center;color:var(--soft);font-size:.8rem;aspect-ratio:3/1}
.picture.none::after{content:"No picture"}
.body{padding:10px 12px 4px}
h2{font-size:.95rem;line-height:1.35;display:-webkit-box;-webkit-box-orient:vertical;
-webkit-line-clamp:4;line-clamp:4;overflow:hidden}
.facts{color:var(--soft);font-size:.85rem;font-variant-numeric:tabular-nums;margin-top:2px}
.status{font-weight:650;color:var(--soft)}
.done .status{color:var(--good)}
.failed .status{color:var(--bad)}.cancelled .status{color:var(--wait)}
.prompt,.error,.note{font-size:.88rem;margin-top:6px;max-height:8.7em;overflow:auto;
white-space:pre-line}
.error{color:var(--bad);max-height:17.4em}
.note{color:var(--soft)}
details{margin-top:4px;font-size:.82rem}
summary{min-height:36px;display:flex;align-items:center;color:var(--soft);cursor:pointer}
summary::before{content:"▸";width:1.1em}
details[open] summary::before{content:"▾"}
details dl{display:grid;grid-template-columns:auto 1fr;gap:2px 10px;padding-bottom:8px}
details dt{color:var(--soft)}
.nothing{color:var(--soft)}
body:has([value=done]:checked) .card:not(.done),
body:has([value=skipped]:checked) .card:not(.skipped),
body:has([value=failed]:checked) .card:not(.failed),
body:has([value=cancelled]:checked) .card:not(.cancelled),
body:has([value=for-render]:checked) .card:not(.for-render),
body:has([value=for-web]:checked) .card:not(.for-web),
body:has([value=for-game]:checked) .card:not(.for-game),
body:has([value=for-ar]:checked) .card:not(.for-ar){display:none}
@media print{.filters,.tools,summary{display:none}
.card{break-inside:avoid;content-visibility:visible}}
"""
