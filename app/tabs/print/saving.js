// A run as files, made in the page: the last grid (PNG), the animation (WebP), the recorded states (.npz).
import { Sheet } from '../../parts/sheet.js';

const MS = 70, REST = 1800;  // milliseconds of a frame, and of the last one
const MOST = 128;  // frames of an animation

function thinned(frames, most) {
    const every = Math.ceil(frames.length / most);
    return frames.filter((_, k) => k % every === 0 || k === frames.length - 1);
}

function blobOf(frame, wide, zoom, kind, quality) {
    const sheet = new Sheet(), large = document.createElement('canvas');
    sheet.show(frame.inks, wide);
    large.width = sheet.canvas.width * zoom;
    large.height = sheet.canvas.height * zoom;
    const pen = large.getContext('2d');
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet.canvas, 0, 0, large.width, large.height);
    return new Promise((resolve, reject) => large.toBlob((blob) => (blob ? resolve({ blob, width: large.width, height: large.height })
        : reject(new Error('The browser cannot write this kind of picture.'))), kind, quality));
}

/** The last grid, enlarged without smoothing. */
export async function asPng({ frames }, wide) { return (await blobOf(frames.at(-1), wide, 4, 'image/png')).blob; }

const u = (value, bytes) => Array.from({ length: bytes }, (_, k) => Math.floor(value / 256 ** k) % 256);
const ascii = (text) => [...text].map((c) => c.charCodeAt(0));
const chunk = (name, ...parts) => {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    return [Uint8Array.from([...ascii(name), ...u(size, 4)]), ...parts.map((part) => Uint8Array.from(part)), new Uint8Array(size % 2)];
};
const length = (parts) => parts.reduce((sum, part) => sum + part.length, 0);

/** All frames as an animated WebP that rests on the last one: the browser packs each frame, the container is written here. */
export async function asAnimation({ frames, count }, wide) {
    const zoom = count <= 4 ? 4 : count <= 16 ? 2 : 1, body = [], shown = thinned(frames, MOST);
    let width = 0, height = 0;
    for (const frame of shown) {
        const made = await blobOf(frame, wide, zoom, 'image/webp', 0.75);
        if (made.blob.type !== 'image/webp') throw new Error('This browser cannot write WebP.');
        ({ width, height } = made);
        const bytes = new Uint8Array(await made.blob.arrayBuffer()), picture = picturesIn(bytes);
        const head = [...u(0, 3), ...u(0, 3), ...u(width - 1, 3), ...u(height - 1, 3), ...u(frame === shown.at(-1) ? REST : MS, 3), 0];
        body.push(...chunk('ANMF', head, ...picture));
    }
    const about = [...chunk('VP8X', [2, 0, 0, 0, ...u(width - 1, 3), ...u(height - 1, 3)]), ...chunk('ANIM', [255, 255, 255, 255, 0, 0])];
    const all = [...about, ...body];
    return new Blob([Uint8Array.from([...ascii('RIFF'), ...u(4 + length(all), 4), ...ascii('WEBP')]), ...all], { type: 'image/webp' });
}

function picturesIn(webp) {  // the chunks that hold the picture, and its transparency
    const found = [];
    for (let at = 12; at + 8 <= webp.length;) {
        const name = String.fromCharCode(...webp.subarray(at, at + 4));
        const size = new DataView(webp.buffer, webp.byteOffset + at + 4, 4).getUint32(0, true), end = at + 8 + size + size % 2;
        if (['VP8 ', 'VP8L', 'ALPH'].includes(name)) found.push(webp.subarray(at, end));
        at = end;
    }
    return found;
}

function npy(values, kind, shape) {
    let head = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n},`).join(' ')}), }`;
    head += `${' '.repeat((64 - (11 + head.length) % 64) % 64)}\n`;
    return new Blob([Uint8Array.from([0x93, ...ascii('NUMPY'), 1, 0, ...u(head.length, 2), ...ascii(head)]), values]);
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xEDB88320 ^ n >>> 1 : n >>> 1; return n; });
function crc(bytes) {
    let sum = 0xFFFFFFFF;
    for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ sum >>> 8;
    return (sum ^ 0xFFFFFFFF) >>> 0;
}

async function zip(files) {
    const parts = [], central = [];
    let at = 0;
    for (const [name, blob] of files) {
        const raw = new Uint8Array(await blob.arrayBuffer());
        const packed = new Uint8Array(await new Response(blob.stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer());
        const about = [20, 0, 0, 0, 8, 0, 0, 0, 33, 0, ...u(crc(raw), 4), ...u(packed.length, 4), ...u(raw.length, 4), ...u(name.length, 2), 0, 0];
        const head = Uint8Array.from([0x50, 0x4B, 3, 4, ...about, ...ascii(name)]);
        central.push(Uint8Array.from([0x50, 0x4B, 1, 2, 20, 0, ...about, 0, 0, 0, 0, 0, 0, ...u(0, 4), ...u(at, 4), ...ascii(name)]));
        parts.push(head, packed);
        at += head.length + packed.length;
    }
    const end = [0x50, 0x4B, 5, 6, 0, 0, 0, 0, ...u(files.length, 2), ...u(files.length, 2), ...u(length(central), 4), ...u(at, 4), 0, 0];
    return new Blob([...parts, ...central, Uint8Array.from(end)], { type: 'application/zip' });
}

/**
 * The recorded states for NumPy: x uint8 (frames, N, 56, 56), 255 = ink; energy, aimed (frames, N); step; settings (JSON).
 * `aimed` is the energy that the chains went down, with their sort or combination.
 */
export async function asStates({ frames, count, request, seed, model }) {
    const all = (pick, Kind, each) => {
        const values = new Kind(frames.length * each);
        frames.forEach((frame, k) => values.set(pick(frame), k * each));
        return values;
    };
    const { stepSize, noise, guidance, values: { way, sort, text } } = request;
    const settings = [...JSON.stringify({ model, way, sort, text, count, step_size: stepSize, noise, guidance, seed, engine: 'native' })];
    return zip([
        ['x.npy', npy(all((frame) => frame.inks, Uint8Array, count * 3136), '|u1', [frames.length, count, 56, 56])],
        ['energy.npy', npy(all((frame) => frame.energy, Float32Array, count), '<f4', [frames.length, count])],
        ['aimed.npy', npy(all((frame) => frame.aimed, Float32Array, count), '<f4', [frames.length, count])],
        ['step.npy', npy(Int32Array.from(frames, (frame) => frame.step), '<i4', [frames.length])],
        ['settings.npy', npy(Uint32Array.from(settings, (c) => c.codePointAt(0)), `<U${settings.length}`, [])],
    ]);
}

/** What a file of a run is called. */
export function nameOf({ request, seed }, kind) {
    const { way, sort, text } = request.values;
    const what = [...(['word', 'combination'].includes(way) ? text : way === 'sort' ? sort : 'any')].map((c) => (/[\p{L}\p{N}]/u.test(c) ? c : '-')).join('').slice(0, 40);
    return `glyphs-${what}-seed${seed}.${kind}`;
}

/** Offers a file to the visitor. */
export function offer(blob, name) {
    const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
