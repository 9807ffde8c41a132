"""A student's Lightning checkpoint becomes ours: the same logits, nothing run, one sentence for what does not fit."""

import dataclasses
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from helpers.command_line import run
from helpers.students import StudentNet, save_student

import ebm
from ebm.checkpoint.description import texts_of
from ebm.checkpoint.examples import load_examples
from ebm.data.synthetic.sorts import SORTS
from ebm.importing.import_model import EXERCISE_SAMPLER, import_model
from ebm.training.jem import JEM
from ebm.training.lightning_file import read_state


@pytest.fixture
def net():
    torch.manual_seed(1)
    return StudentNet()


def glyphs(n=16):
    return torch.rand((n, 1, 56, 56), generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("channels", [4, 16])
@pytest.mark.parametrize("classes", [1, 2, 42])
@pytest.mark.parametrize("averaged", [True, False])
def test_the_logits_are_the_students(tmp_path, channels, classes, averaged):
    torch.manual_seed(channels)
    net = StudentNet(channels, classes, averaged)
    path, card, _ = import_model(save_student(tmp_path / "a.ckpt", net, num_classes=classes))
    model, _ = ebm.load(path)
    with torch.no_grad():
        torch.testing.assert_close(model.get_logits(glyphs()), net.get_logits(glyphs()), atol=1e-5, rtol=0)
    assert card.mode == ("ebm" if classes == 1 else "jem") and model.outputs == classes
    assert path == tmp_path / "a.safetensors"


def test_without_data_the_card_is_uncalibrated_and_has_the_exercises_sampler(tmp_path, net):
    path, card, _ = import_model(save_student(tmp_path / "a.ckpt", net, cbuffer_size=256, name=None, odd={1: 2}))
    assert ebm.load(path)[1] == card
    assert not card.is_calibrated and card.threshold is None and card.reference_energies == []
    assert card.preprocessing == "glyphs" and card.sorts == card.texts == list("012345")
    assert card.sampler == EXERCISE_SAMPLER and "Uncalibrated" in card.notes
    assert card.recipe["img_shape"] == [1, 56, 56] and card.recipe["cbuffer_size"] == 256 and "odd" not in card.recipe
    assert card.made_with["imported_from"] == "a.ckpt"


def test_hyper_parameters_tell_of_sampler_and_conditional_chains(tmp_path, net):
    file = save_student(tmp_path / "a.ckpt", net, steps=20, step_size=5, noise="loud", ccond_sample=True, reinit="x")
    _, card, _ = import_model(file)
    assert card.sampler == dataclasses.replace(EXERCISE_SAMPLER, steps=20, step_size=5.0)
    assert card.mode == "conditional" and "reinit" not in card.recipe
    assert import_model(file, mode="classifier").card.mode == "classifier"


def test_what_is_no_part_of_the_network_is_ignored_and_named(tmp_path, net):
    def add(saved):
        saved["state_dict"]["sampler.examples"] = torch.zeros(5, 1, 56, 56)
        saved["state_dict"]["ema.module.cnn.cnn_layers.0.weight"] = torch.zeros(2)

    _, _, remarks = import_model(save_student(tmp_path / "a.ckpt", net, add, num_classes=10))
    assert "sampler.examples" in remarks[0] and "(2)" in remarks[0]
    assert "num_classes is 10" in remarks[1]


@pytest.mark.parametrize("prefix", ["", "cnn._orig_mod.", "model.cnn.", "module.cnn."])
def test_other_prefixes_and_a_plain_state_dict_are_read(tmp_path, net, prefix):
    torch.save({prefix + name: value for name, value in net.state_dict().items()}, tmp_path / "a.ckpt")
    model, _ = ebm.load(import_model(tmp_path / "a.ckpt").path)
    with torch.no_grad():
        torch.testing.assert_close(model.get_logits(glyphs()), net.get_logits(glyphs()), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_of_other_precision_are_taken_to_single(tmp_path, net, kind):
    path = import_model(save_student(tmp_path / "a.ckpt", net.to(kind))).path
    assert {p.dtype for p in ebm.load(path)[0].parameters()} == {torch.float32}


def test_a_state_of_our_own_training_keeps_its_recipe(tmp_path):
    module = JEM({"mode": "jem", "width": 4, "steps": 7, "seed": 5}, 6)
    saved = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    torch.save(saved, tmp_path / "last.ckpt")
    path, card, _ = import_model(tmp_path / "last.ckpt")
    assert card.sampler.steps == 7 and card.seed == 5 and card.recipe["unsteered"] == 0.25
    with torch.no_grad():
        logits = ebm.load(path)[0].get_logits(glyphs())
        torch.testing.assert_close(logits, module.net.get_logits(glyphs()), atol=1e-5, rtol=0)


def test_with_data_the_model_is_calibrated(tmp_path, net, small_corpus):
    file = save_student(tmp_path / "a.ckpt", net)
    path, card, _ = import_model(file, tmp_path / "models", data=small_corpus, strangers=20)
    assert path == tmp_path / "models" / "a.safetensors" and ebm.load(path)[1] == card
    assert card.is_calibrated and len(card.reference_energies) == len(small_corpus.labels["val"])
    above = sum(e > card.threshold for e in card.reference_energies) / len(card.reference_energies)
    assert above == pytest.approx(0.05, abs=0.02)
    assert card.sorts == small_corpus.sorts and card.texts == texts_of(card.sorts) and card.preprocessing == "pen"
    assert "test" in card.set_scores and set(load_examples(path)) >= {"test", "typical"}
    assert ebm.verdict(*ebm.load(path), glyphs(1)[0]).p_value is not None
    import_model(file, tmp_path / "models")
    assert load_examples(path) == {}, "pictures of an earlier import are gone"


def test_names_come_from_a_file(tmp_path, net, small_corpus):
    (tmp_path / "names.txt").write_text("\ufeff" + "\n".join(s.name for s in SORTS[10:16]) + "\n", encoding="utf-8")
    file = save_student(tmp_path / "a.ckpt", net)
    for data in (None, small_corpus):
        _, card, _ = import_model(file, names=tmp_path / "names.txt", data=data, strangers=2)
        assert card.sorts == [s.name for s in SORTS[10:16]] and card.texts == [s.text for s in SORTS[10:16]]


def test_a_corpus_or_names_of_other_classes_are_refused(tmp_path, small_corpus):
    file = save_student(tmp_path / "a.ckpt", StudentNet(classes=7))
    with pytest.raises(ValueError, match="7 classes apart, and the corpus has 6"):
        import_model(file, data=small_corpus)
    for text, words in (("a\nb\n", "names 2 sorts, and the network has 7"), ("a\na\n", "different names")):
        (tmp_path / "names.txt").write_text(text)
        with pytest.raises(ValueError, match=words):
            import_model(file, names=tmp_path / "names.txt")


def _drop(name):
    return lambda saved: saved["state_dict"].pop(name)


def _put(name, value):
    return lambda saved: saved["state_dict"].update({name: value})


WRONG = [
    (_drop("cnn.cnn_layers.8.weight"), "has no tensor 'cnn.cnn_layers.8.weight'"),
    (_drop("cnn.cnn_layers.2.bias"), "has no tensor 'cnn.cnn_layers.2.bias'"),
    (_drop("cnn.fc_layers.1.weight"), "has no tensor 'cnn.fc_layers.1.weight'"),
    (_drop("cnn.cnn_layers.0.weight"), "has no tensor 'cnn.cnn_layers.0.weight'"),
    (_put("cnn.fc_layers.3.weight", torch.zeros(6, 6)), "'cnn.fc_layers.3.weight' in its network"),
    (_put("cnn.cnn_layers.1.running_mean", torch.zeros(8)), "'cnn.cnn_layers.1.running_mean' in its network"),
    (_put("cnn.cnn_layers.0.weight", torch.zeros(8, 3, 5, 5)), r"'cnn.cnn_layers.0.weight' is \(8, 3, 5, 5\)"),
    (_put("cnn.cnn_layers.0.weight", torch.zeros(8)), r"'cnn.cnn_layers.0.weight' is \(8,\)"),
    (_put("cnn.cnn_layers.0.weight", torch.zeros(0, 1, 5, 5)), r"\(width, 1, 5, 5\)"),
    (_put("cnn.cnn_layers.0.weight", torch.zeros(1).expand(10**6, 1, 5, 5)), "at most 512 wide"),
    (_put("cnn.cnn_layers.4.weight", torch.zeros(16, 16, 3, 3)), r"'cnn.cnn_layers.4.weight' is .* \(32, 16, 3, 3\)"),
    (_put("cnn.fc_layers.1.weight", torch.zeros(6, 31)), r"'cnn.fc_layers.1.weight' is \(6, 31\).*\(classes, 32\)"),
    (_put("cnn.fc_layers.1.weight", torch.zeros(1).expand(10**9, 32)), "at most 4096 classes"),
    (_put("cnn.fc_layers.1.bias", torch.zeros(7)), r"'cnn.fc_layers.1.bias' is \(7,\)"),
    (_put("cnn.fc_layers.1.bias", torch.full((6,), float("nan"))), "'cnn.fc_layers.1.bias' has values that are not"),
    (_put("cnn.fc_layers.1.bias", torch.zeros(6, dtype=torch.int64)), "no ordinary tensor.*int64"),
    (_put("cnn.fc_layers.1.bias", torch.zeros(6, dtype=torch.complex64)), "no ordinary tensor.*complex64"),
    (_put("cnn.fc_layers.1.bias", torch.zeros(6).to_sparse()), "no ordinary tensor"),
    (_put("cnn.fc_layers.1.bias", [0.0] * 6), "no ordinary tensor.*list"),
    (lambda saved: saved.update(state_dict=[1]), "'state_dict' is no dict"),
    (lambda saved: saved.update(state_dict={}), "it has none"),
]


@pytest.mark.parametrize(("edit", "words"), WRONG)
def test_another_network_is_refused_with_its_tensor(tmp_path, net, edit, words):
    with pytest.raises(ValueError, match=words) as caught:
        import_model(save_student(tmp_path / "a.ckpt", net, edit))
    assert "a.ckpt" in str(caught.value) and "\n" not in str(caught.value)


class Evil:
    """What a pickle of somebody else may do when it is loaded."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (Path(self.mark),)


def _evil(path, mark, zipped):
    payload = {"state_dict": {}, "hyper_parameters": Evil(mark)}
    torch.save(payload, path, _use_new_zipfile_serialization=zipped)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_malicious_pickle_runs_nothing(tmp_path, zipped):
    mark = tmp_path / "was-run"
    _evil(tmp_path / "evil.ckpt", mark, zipped)
    with pytest.raises(ValueError, match="evil.ckpt is refused: to read it, .* would have to be run") as caught:
        import_model(tmp_path / "evil.ckpt")
    assert not mark.exists() and "\n" not in str(caught.value)


def test_the_payload_of_these_tests_would_run_if_it_could(tmp_path):
    pickle.loads(pickle.dumps(Evil(tmp_path / "was-run")))
    assert (tmp_path / "was-run").exists()


def test_the_command_line_runs_no_pickle_either(tmp_path):
    mark = tmp_path / "was-run"
    _evil(tmp_path / "last.ckpt", mark, True)
    (tmp_path / "recipe.json").write_text('{"source": "pen", "name": "x", "out": "out", "founts": null}')
    for arguments in (("import", tmp_path / "last.ckpt"), ("train", "--resume", tmp_path)):
        _, errors = run(*arguments, code=2)
        assert "would have to be run" in errors and errors.count("\n") == 1 and not mark.exists()


def _truncate(share):
    return lambda file: file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])


def _pack(file):
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        *[(_truncate(tenth / 10), "a.ckpt") for tenth in range(10)],
        (lambda file: file.write_text("state_dict: 3"), "a.ckpt"),
        (lambda file: file.write_bytes(pickle.dumps({"state_dict": {}})), "a.ckpt"),
        (lambda file: file.write_bytes(b"\x80\x02" + b"(" * 100_000), "a.ckpt"),
        (lambda file: torch.save([1, 2], file), "holds a list"),
        (_pack, "are packed"),
        (lambda file: file.unlink(), "There is no file"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path, net, damage, words):
    file = save_student(tmp_path / "a.ckpt", net)
    damage(file)
    with pytest.raises(ValueError, match=words) as caught:
        import_model(file)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "a.safetensors").exists()


def test_tensors_stay_where_they_are_in_a_whole_file(tmp_path, net):
    file = save_student(tmp_path / "a.ckpt", net)
    assert read_state(file)["state_dict"].keys() == {f"cnn.{name}" for name in net.state_dict()}


def test_the_command_says_what_it_did(tmp_path, net):
    file = save_student(tmp_path / "a.ckpt", net, lambda s: s["state_dict"].update({"sampler.x": torch.zeros(1)}))
    out = tmp_path / "b.safetensors"
    said, _ = run("import", file, "--out", out)
    for words in (f"Wrote {out}", "sampler.x", "uncalibrated", f"python -m app --checkpoint {out}"):
        assert words in said
    assert ebm.load(out)[1].name == "b"
    _, errors = run("import", file, "--mode", "ebm", code=2)
    assert "a.ckpt has 6 outputs" in errors and len(errors.strip().splitlines()) == 1
