// The way of a glyph through the network, drawn by the server while the visitor looks at it.
import { onModel } from '../../engine/page.js';
import { partOf } from '../../parts/places.js';

const REST = 250;  // milliseconds for which the glyph stays the same before it is asked for

/**
 * Makes the view of its element, which has the template of network.py.
 *
 * @param {HTMLElement} element of the component.
 * @param {function(string, string): Promise<string>} look gives the HTML for a model's key and the ink of a glyph, base64.
 */
export function mount(element, look) {
    const details = element.querySelector('details'), view = element.querySelector('.network-view');
    let key = null, shown = '', timer = null;

    async function refresh() {
        const ink = (await partOf('lens')).ink();
        if (!details.open || !ink || !key) return;
        const wanted = btoa(String.fromCharCode(...ink)), question = key + wanted;
        if (question === shown) return;
        shown = question;
        const html = await look(key, wanted);
        if (question === shown) view.innerHTML = html || '<p class="hint">This model is no longer kept here.</p>';
    }
    const later = () => { clearTimeout(timer); timer = setTimeout(refresh, REST); };

    details.addEventListener('toggle', refresh);
    document.addEventListener('glyph', later);  // the lens shows another one
    onModel((model) => { ({ key } = model); later(); });
}
