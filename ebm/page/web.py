"""A page that was read, as one HTML file that needs no other: point at a box to see its glyph and reading."""

import base64
import html
import io
import json

from PIL import Image

from ebm.page.overlay import colour_of, energy_range
from ebm.page.read import ReadPage

_SIDE = 2400  # longest side of the picture in the file
_STYLE = """body{margin:0;font-family:system-ui,sans-serif;display:flex;flex-wrap:wrap}main{flex:1 1 60%;min-width:0}
svg{width:100%;height:auto;display:block}rect{fill:transparent;stroke-width:2;vector-effect:non-scaling-stroke}
rect:hover,rect:focus{fill:#ffd40055;outline:none}
aside{position:sticky;top:0;flex:0 1 16rem;height:min-content;padding:1rem}
canvas{width:12rem;height:12rem;border:1px solid #999;image-rendering:pixelated}"""
_SCRIPT = """const glyphs=JSON.parse(document.getElementById('glyphs').textContent),svg=document.querySelector('svg'),
picture=new Image(),canvas=document.querySelector('canvas'),text=document.getElementById('text');
picture.src=svg.querySelector('image').getAttribute('href');
function show(k){const g=glyphs[k],side=Math.max(g.w,g.h),c=canvas.getContext('2d');
c.fillStyle='#fff';c.fillRect(0,0,192,192);const s=180/side;
c.drawImage(picture,g.x,g.y,g.w,g.h,96-g.w*s/2,96-g.h*s/2,g.w*s,g.h*s);text.textContent=g.text}
for(const kind of['pointerover','focusin'])svg.addEventListener(kind,e=>{
const k=e.target.dataset&&e.target.dataset.k;if(k!==undefined)show(k)});"""


def page_html(page: ReadPage) -> str:
    """The page as HTML, with its picture inside."""
    layout = page.layout
    picture = Image.fromarray(layout.picture)
    picture.thumbnail((_SIDE, _SIDE))
    scale = picture.width / layout.width
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    source = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    low, high = energy_range(page)
    boxes, about = [], []
    for k, glyph in enumerate(page.glyphs):
        box = glyph.at.box
        x, y, w, h = (round(scale * side, 1) for side in (box.left, box.top, box.width, box.height))
        colour = "#{:02x}{:02x}{:02x}".format(*colour_of(glyph.energy, low, high))
        boxes.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" stroke="{colour}" data-k="{k}" tabindex="0"/>')
        words = [f"line {glyph.at.line}", f"energy {glyph.energy:.2f}"]
        if glyph.sort is not None and glyph.probability is not None:
            words.insert(0, f"{glyph.sort} ({glyph.probability:.0%})")
        if glyph.p_value is not None:
            words.append(f"p-value {glyph.p_value:.3f}")
        if glyph.at.is_cut:
            words.append("cut from letters that touch")
        about.append({"x": x, "y": y, "w": w, "h": h, "text": ", ".join(words)})
    title = html.escape(layout.page)
    data = json.dumps(about).replace("<", "\\u003c")
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style><main><svg viewBox='0 0 {picture.width} {picture.height}' "
        f"role='img' aria-label='{title}'><image href='{source}' width='{picture.width}' height='{picture.height}'/>"
        f"{''.join(boxes)}</svg></main><aside><h1>{title}</h1><p>{len(page.glyphs):,} glyphs. Blue: low energy. "
        f"Red: high.</p><canvas width='192' height='192'></canvas><p id='text'>Point at a box.</p></aside>"
        f"<script type='application/json' id='glyphs'>{data}</script><script>{_SCRIPT}</script></html>"
    )
