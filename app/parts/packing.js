// Bytes in a link: deflated, then in the 64 characters that need no escape in an address. The server unpacks them (packing.py).

/** Packs bytes into text. */
export async function pack(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const small = new Uint8Array(await new Response(stream).arrayBuffer());
    return btoa(String.fromCharCode(...small)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
