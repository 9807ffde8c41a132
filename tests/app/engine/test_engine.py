"""The engine in a browser against the same model in Python: readings, slopes, chains, and what is refused."""

import base64
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from app.engine import build
from ebm.data.corpus import to_bytes
from ebm.generation.composition import compose, guide, parse
from ebm.model.energy import EnergyNet
from ebm.sampling.chains import chains, last_of
from ebm.sampling.native import library
from ebm.sampling.sampler import Sampler
from ebm.surface.influence import gradient

needs_library = pytest.mark.skipif(library().wait().code is None, reason=f"not compiled: {library().reason}")
SAMPLER = Sampler(step_size=2.0, print_noise=0.05)
OPEN = """const { Engine } = await glyphImport('engine/engine.js');
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
const textOf = (values) => btoa(Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    (b) => String.fromCharCode(b)).join(''));
const wasm = given.wasm ? bytesOf(given.wasm) : await (await fetch('modules/engine/engine.wasm')).arrayBuffer();
const engine = () => new Engine(new WebAssembly.Module(wasm), bytesOf(given.weights), given.architecture, 8);
"""
RUN = """const e = engine(), n = given.aims.length;
given.aims.forEach((aim, k) => { e.start(k, given.seed); e.mixes.set(e.aimOf(aim), k * (e.outputs + 1)); });
if (given.start) e.pictures.set(new Float32Array(bytesOf(given.start)));
if (given.free) e.masks.set(new Uint8Array(bytesOf(given.free)));
for (let k = 1; k <= given.steps; k++) {
    e.step(n, k, { seed: given.seed, stepSize: given.stepSize, noise: given.noise, masked: Boolean(given.free) });
}
e.measure(n);
const x = textOf(e.pictures.slice(0, n * 3136));
return { x, aimed: [...e.aimed.slice(0, n)], energy: [...e.energies.slice(0, n)] };
"""


def net(width: int = 16, head: str = "flat", outputs: int = 5) -> EnergyNet:
    torch.manual_seed(width)
    model = EnergyNet(width, outputs, head).requires_grad_(False)
    for parameter in model.parameters():
        parameter.mul_(1.5)
    return model


def run(page, code: str, model: EnergyNet, **given):
    """The result of JavaScript that may open engines of a model."""
    weights = base64.b64encode(save(model.state_dict())).decode()
    given = {"weights": weights, "architecture": model.architecture()} | given
    return page.evaluate(f"async (given) => {{ {OPEN}{code} }}", given)


def text(values: torch.Tensor) -> str:
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def glyphs(encoded: str) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(base64.b64decode(encoded), np.float32).copy()).view(-1, 1, 56, 56)


def noise(n: int) -> torch.Tensor:
    return torch.rand((n, 1, 56, 56), generator=torch.Generator().manual_seed(n)) * 2 - 1


@pytest.mark.parametrize(("width", "head"), [(16, "flat"), (16, "pool"), (32, "flat")])
def test_readings_and_slopes_are_those_of_the_model(wide, width: int, head: str) -> None:
    model, x = net(width, head), noise(6)
    read = run(
        wide, "const e = engine(), x = new Float32Array(bytesOf(given.x)), read = e.read(x);"
        "const aim = e.aimOf({ label: 2 }), slope = textOf(e.slope(x).slope);"
        "return { logits: textOf(read.logits), energy: [...read.energy], slope,"
        "wanted: textOf(e.slope(x, aim).slope) }", model, x=text(x),
    )  # fmt: skip
    logits = torch.from_numpy(np.frombuffer(base64.b64decode(read["logits"]), np.float32).copy()).view(6, 5)
    assert torch.allclose(logits, model.get_logits(x), atol=1e-4)
    assert read["energy"] == pytest.approx(model.energy(x).tolist(), abs=1e-4)
    slope = gradient(model, x)
    assert torch.allclose(glyphs(read["slope"]), slope, atol=1e-4 * float(slope.abs().max()))
    wanted = gradient(compose(model, {2: 1.0}), x)
    assert torch.allclose(glyphs(read["wanted"]), wanted, atol=1e-4 * float(wanted.abs().max()))


def test_the_same_seed_gives_the_same_glyphs_as_in_python(wide) -> None:
    model, seed, steps = net(), 2**40 + 3, 64
    settings = {"steps": steps, "seed": seed, "stepSize": SAMPLER.step_size, "noise": SAMPLER.print_noise}
    asked = {"sampler": SAMPLER, "steps": steps, "seed": seed, "engine": "native"}
    labels = torch.tensor([0, 3, 1])
    made = run(wide, RUN, model, aims=[{"label": int(k)} for k in labels], **settings)
    expected = last_of(chains(model, 3, labels=labels, **asked))
    assert (glyphs(made["x"]) - expected).abs().max() < 1e-3
    assert made["aimed"] == pytest.approx(model.energy(expected, labels).tolist(), abs=1e-3)
    assert made["energy"] == pytest.approx(model.energy(expected).tolist(), abs=1e-3)
    free = run(wide, RUN, model, aims=[{}, {}], **settings)
    assert (glyphs(free["x"]) - last_of(chains(model, 2, **asked))).abs().max() < 1e-3
    together = run(wide, RUN, model, aims=[{"terms": [[1, 2], [4, 1], [0, -0.03]]}], **settings)
    composed = compose(model, {1: 2.0, 4: 1.0, 0: -0.03})
    assert (glyphs(together["x"]) - last_of(chains(composed, 1, **asked))).abs().max() < 1e-3


def test_guidance_has_the_energy_of_guide(wide) -> None:
    model, x = net(), noise(2)
    read = run(
        wide, "const e = engine(), x = new Float32Array(bytesOf(given.x)), aim = e.aimOf({ label: 3, guidance: 2.5 });"
        "const { energy, slope } = e.slope(x, aim); return { energy: [...energy], slope: textOf(slope) }",
        model, x=text(x),
    )  # fmt: skip
    guided, free = guide(model, 3, 2.5), x.clone().requires_grad_()
    assert read["energy"] == pytest.approx(guided.energy(x).tolist(), abs=1e-3)
    (slope,) = torch.autograd.grad(guided.energy(free).sum(), free)
    assert torch.allclose(glyphs(read["slope"]), slope, atol=1e-4 * float(slope.abs().max()))


@needs_library
def test_known_pixels_stay_and_the_others_are_those_of_python(wide) -> None:
    model, mask = net(), torch.zeros(1, 1, 56, 56, dtype=torch.bool)
    mask[..., 28:] = True
    start = torch.where(mask, noise(1), torch.full((1, 1, 56, 56), 0.25))
    made = run(
        wide, RUN, model, aims=[{}], start=text(start), free=text(mask.to(torch.uint8)), steps=20, seed=7,
        stepSize=SAMPLER.step_size, noise=SAMPLER.print_noise,
    )  # fmt: skip
    x = glyphs(made["x"])
    assert torch.equal(x[~mask], start[~mask])
    expected = chains(model, 1, sampler=SAMPLER, steps=20, seed=7, x=start, free=mask, engine="native")
    assert (x - last_of(expected)).abs().max() < 1e-3


def test_weights_that_cannot_be_used_are_refused_in_a_sentence(wide) -> None:
    said = run(
        wide, """const why = (bytes, architecture) => {
            try { new Engine(new WebAssembly.Module(wasm), bytes, architecture, 8); return 'taken'; }
            catch (error) { return error.message; }
        };
        const bytes = bytesOf(given.weights), fits = given.architecture, long = new Uint8Array(bytes.slice(0));
        long[4] = 1;
        return [why(bytes, fits), why(bytes.slice(0, 4), fits), why(bytes.slice(0, bytes.byteLength - 4), fits),
            why(long.buffer, fits), why(bytes, { ...fits, width: 32 }), why(bytes, { ...fits, outputs: 6 }),
            why(bytes, { ...fits, width: 4 }), why(bytes, { ...fits, head: 'round' })]""", net(),
    )  # fmt: skip
    broken, foreign = "did not arrive in one piece", "not those of the architecture"
    for sentence, words in zip(
        said, ("taken", broken, broken, broken, foreign, foreign, *["does not know"] * 2), strict=True
    ):
        assert words in sentence


def test_a_text_of_sorts_is_read_as_in_python(wide, tiny) -> None:
    card = tiny[2]
    texts = [
        "e", "c and e", "e but not c", "2 e + c - 0.05 o", "E e", "u AND v", "r-rotunda with s", "e and", "", "not e",
        "?", "3e4 e", "a-b", "1.5 a, .5 b", "a e i o u v x", "200 a", "long-s minus f", "\u017f", "a minus minus b",
        "e e", "1 a - 1 a",
    ]  # fmt: skip
    code = """const { termsOf } = await glyphImport('tabs/print/wanted.js');
    return given.texts.map((text) => { try { return { weights: termsOf(text, given.sorts) }; }
        catch (error) { return { says: error.message }; } })"""
    sorts = [{"name": name, "text": text, "title": name} for name, text in zip(card.sorts, card.texts, strict=True)]
    for asked, read in zip(texts, run(wide, code, net(), texts=texts, sorts=sorts), strict=True):
        try:
            expected = {"weights": pytest.approx(parse(asked, card))}
        except ValueError as error:
            expected = {"says": str(error)}
        if "weights" in read:
            read["weights"] = dict(map(tuple, read["weights"]))
        assert read == expected, asked


def test_the_built_engine_is_that_of_the_sources() -> None:
    assert build.digest_in(build.ENGINE.read_bytes()) == build.digest(), "the C has changed: run `make engine`"


@pytest.mark.skipif(not (shutil.which("clang") and shutil.which("wasm-ld")), reason="no clang and lld here")
def test_an_engine_built_here_gives_the_same_glyphs(wide, tmp_path: Path) -> None:
    build.build(tmp_path / "engine.wasm")
    settings = {"aims": [{"label": 1}, {}], "seed": 1, "steps": 12, "stepSize": 2.0, "noise": 0.05}
    built = base64.b64encode((tmp_path / "engine.wasm").read_bytes()).decode()
    here, shipped = (run(wide, RUN, net(), wasm=wasm, **settings) for wasm in (built, ""))
    assert (glyphs(here["x"]) - glyphs(shipped["x"])).abs().max() < 1e-3


def test_a_worker_runs_chains_changes_them_and_stops(wide) -> None:
    model = net()
    made = run(
        wide, """const { Client } = await glyphImport('engine/client.js'), frames = [];
        const client = new Client({ bytes: bytesOf(given.weights), architecture: given.architecture }, 4);
        const settings = { count: 2, seed: 5, aims: [{ label: 1 }], steps: 30, stepSize: 2, noise: 0, pace: 0 };
        const end = await client.run(settings, (some) => frames.push(...some));
        const calm = frames.length;
        let turned = false;
        const hot = await client.run({ ...settings, steps: 100000, pace: 0 }, (some) => {
            frames.push(...some);
            const { step } = some.at(-1);
            if (step > 20 && !turned) { turned = true; client.change({ noise: 0.5 }); }
            if (step > 60) client.stop();
        });
        const read = await client.read(end.glyphs);
        client.end();
        const refused = await client.read(end.glyphs).catch((error) => error.message);
        const ink = textOf(frames[calm - 1].inks), steps = frames.slice(0, calm).map((f) => f.step);
        return { steps, stopped: hot.step, x: textOf(end.glyphs), read: [...read.energy], ink, refused,
            rough: Math.max(...frames.slice(calm).map((f) => f.inks.filter((i) => i === 0 || i === 255).length)),
        }""", model,
    )  # fmt: skip
    assert made["steps"] == list(range(31))
    assert 60 < made["stopped"] < 100_000
    x = glyphs(made["x"])
    assert made["read"] == pytest.approx(model.energy(x).tolist(), abs=1e-3)
    ink = np.frombuffer(base64.b64decode(made["ink"]), np.uint8).reshape(2, 56, 56)
    assert np.abs(ink.astype(int) - to_bytes(x).numpy().astype(int)).max() <= 1
    assert made["rough"] > 500  # noise of 0.5 drives pixels to the ends of their range
    assert made["refused"] == "Another model is shown."


CLIENT = """const { Client } = await glyphImport('engine/client.js');
const open = (cores) => {
    Object.defineProperty(navigator, 'hardwareConcurrency', { value: cores, configurable: true });
    return new Client({ bytes: bytesOf(given.weights), architecture: given.architecture }, 5);
};
const settings = { count: 5, seed: 2 ** 33 + 1, steps: 12, stepSize: 2, noise: 0.05, pace: 0, aims: [{}] };
const begun = (client) => new Promise((seen) => {  // a run that goes on until it is stopped
    const end = client.run({ ...settings, steps: 1e6 }, () => seen([end])).catch((error) => error.message);
});
"""


def test_two_workers_give_the_glyphs_of_one_in_the_order_of_the_steps(wide) -> None:
    mask = torch.zeros(56, 56, dtype=torch.uint8)
    mask[:, 28:] = 1
    alone, both = run(
        wide, CLIENT + """const starts = Float32Array.from({ length: 5 * 3136 }, (_, k) => k % 7 / 7);
        const aims = [{ label: 0 }, { label: 3, guidance: 2 }, {}, { terms: [[1, 2], [4, 1]] }, { label: 4 }];
        const all = { 2: [], 4: [] };
        for (const cores of [2, 4]) {
            const client = open(cores);
            for (const more of [{}, { starts }, { starts, free: new Uint8Array(bytesOf(given.free)) }]) {
                const frames = [], given = { ...settings, aims, done: 3, ...more };
                const { glyphs } = await client.run(given, (some) => frames.push(...some));
                const seen = ['inks', 'energy', 'aimed'].map((key) => frames.map((f) => textOf(f[key])));
                all[cores].push({ glyphs: textOf(glyphs), steps: frames.map(({ step }) => step), seen });
            }
            all[cores].push(client.workers.length);
            client.end();
        }
        return [all[2], all[4]]""", net(), free=text(mask),
    )  # fmt: skip
    assert (alone.pop(), both.pop()) == (1, 2)
    assert alone == both
    assert alone[0]["steps"] == list(range(3, 16))


@pytest.mark.parametrize("cores", [2, 4])
def test_a_run_that_is_paused_can_be_stopped(wide, cores: int) -> None:
    step = run(
        wide, CLIENT + """const client = open(given.cores), [end] = await begun(client);
        await client.change({ paused: true });
        await client.stop();
        const { step } = await end;
        client.end();
        return step""", net(), cores=cores,
    )  # fmt: skip
    assert 0 < step < 1e6


def test_a_newer_run_ends_those_before_it(wide) -> None:
    steps = run(
        wide, CLIENT + """const client = open(4), [first] = await begun(client);
        const last = await Promise.all([first, client.run({ ...settings, steps: 1e6 }), client.run(settings)]);
        client.end();
        return last.map(({ step }) => step)""", net(),
    )  # fmt: skip
    assert 0 < steps[0] < 1e6 and steps[1] < 1e6 and steps[2] == 12


@pytest.mark.parametrize("worker", [0, 1])
def test_a_run_ends_with_either_of_its_workers(wide, worker: int) -> None:
    said = run(
        wide, CLIENT + """const client = open(4), [end] = await begun(client);
        client.workers[given.worker].dispatchEvent(new ErrorEvent('error'));
        return [await end, client.dead]""", net(), worker=worker,
    )  # fmt: skip
    assert said == ["The engine in this page has stopped."] * 2
