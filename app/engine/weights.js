// A checkpoint's weights as the engine takes them, read from the bytes of a .safetensors file.

const LAYERS = [0, 2, 4, 6, 8];  // convolutions among an EnergyNet's features; SiLUs lie between them
const SIDE = { 0: 5 };           // of the first kernel; the others are 3 wide
const LARGEST_HEADER = 100_000;  // bytes; an EnergyNet's has about a thousand

/** The tensors of a .safetensors file by name, each with its shape and float32 values. */
export function tensorsOf(bytes) {
    const broken = new Error('The weights did not arrive in one piece.');
    if (bytes.byteLength < 8) throw broken;
    const view = new DataView(bytes), size = Number(view.getBigUint64(0, true));
    if (size > LARGEST_HEADER || 8 + size > bytes.byteLength) throw broken;
    let header;
    try { header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, size))); } catch { throw broken; }
    const tensors = {};
    for (const [name, entry] of Object.entries(header)) {
        if (name === '__metadata__') continue;
        const { dtype, shape, data_offsets: [from, to] } = entry, count = shape.reduce((a, b) => a * b, 1);
        if (dtype !== 'F32') throw new Error(`The weights are of the type ${dtype}; the engine takes F32.`);
        if (to - from !== 4 * count || 8 + size + to > bytes.byteLength) throw broken;
        tensors[name] = { shape, values: new Float32Array(bytes.slice(8 + size + from, 8 + size + to)) };
    }
    return tensors;
}

/**
 * The weights of an EnergyNet in one row, layer by layer, as chain.h takes them.
 *
 * @param {ArrayBuffer} bytes of the .safetensors file.
 * @param {{width: number, outputs: number, head: string}} architecture of the card.
 * @returns {Float32Array} the values.
 * @throws {Error} one sentence, for a file that is broken or not of this architecture.
 */
export function weightsOf(bytes, { width, outputs, head }) {
    const tensors = tensorsOf(bytes), foreign = new Error('The weights are not those of the architecture that the card names.');
    const channels = [1, 1, 2, 4, 4, 4].map((times, k) => (k ? times * width : 1));
    const wanted = [];
    LAYERS.forEach((place, k) => {
        const side = SIDE[k] ?? 3;
        wanted.push([`features.${place}.weight`, [channels[k + 1], channels[k], side, side]]);
        wanted.push([`features.${place}.bias`, [channels[k + 1]]]);
    });
    wanted.push(['classifier.2.weight', [outputs, 4 * width * (head === 'pool' ? 1 : 4)]], ['classifier.2.bias', [outputs]]);
    if (Object.keys(tensors).length !== wanted.length) throw foreign;
    const parts = wanted.map(([name, shape]) => {
        if (String(tensors[name]?.shape) !== String(shape)) throw foreign;
        return tensors[name].values;
    });
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { all.set(part, at); at += part.length; }
    return all;
}
