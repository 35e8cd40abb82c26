"""Two pictures on top of each other with a slider between them, as one piece of HTML that asks nobody for anything."""

from __future__ import annotations

from html import escape

from ecgbench.report.pictures import Picture

_PAGE = """<!doctype html><meta charset="utf-8"><style>
:root {{ color-scheme: light dark; font: 14px "Source Sans", system-ui, sans-serif; }}
body {{ margin: 0; }}
.wipe {{ position: relative; user-select: none; touch-action: pan-y; }}
.wipe img {{ display: block; width: 100%; }}
.wipe .above {{ position: absolute; inset: 0; clip-path: inset(0 calc(100% - var(--at)) 0 0); }}
.wipe .line {{ position: absolute; top: 0; bottom: 0; left: var(--at); width: 3px; margin-left: -1px; background: #0072b2;
  box-shadow: 0 0 0 1px #fff; pointer-events: none; }}
.wipe span {{ position: absolute; top: 8px; padding: 2px 8px; border-radius: 4px; background: #11161cd9; color: #fff; pointer-events: none; }}
.wipe .left {{ left: 8px; }} .wipe .right {{ right: 8px; }}
input {{ width: 100%; margin: 8px 0 0; accent-color: #0072b2; }}
</style>
<div class="wipe" style="--at: 50%">
  <img src="{below}" alt="{below_name}"><img class="above" src="{above}" alt="{above_name}">
  <div class="line"></div><span class="left">{above_name}</span><span class="right">{below_name}</span>
</div>
<input type="range" min="0" max="100" value="50" step="0.5" aria-label="How much of {above_name} is shown over {below_name}">
<script>
const wipe = document.querySelector(".wipe"), slide = document.querySelector("input");
const show = () => wipe.style.setProperty("--at", slide.value + "%");
const follow = event => {{
  const box = wipe.getBoundingClientRect();
  slide.value = 100 * (event.clientX - box.left) / box.width;
  show();
}};
slide.addEventListener("input", show);
wipe.addEventListener("pointermove", event => {{ if (event.buttons) follow(event); }});
wipe.addEventListener("pointerdown", follow);
wipe.addEventListener("dragstart", event => event.preventDefault());
</script>"""


def wipe_html(above: Picture, below: Picture, *, above_name: str, below_name: str) -> str:
    """Return a page with `above` over `below`: the pointer or the slider (also by arrow keys) moves the line between them."""
    return _PAGE.format(
        above=above.data_uri,
        below=below.data_uri,
        above_name=escape(above_name, quote=True),
        below_name=escape(below_name, quote=True),
    )
