"""Weights from a hub of our own on this machine, from folders, and what is said where they cannot be had."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from conditioning.guidance import Guidance
from conditioning.models import fetch, store
from conditioning.models.family import Checkpoint, Family, FrameRule, Loading
from conditioning.paint import Denoiser

COMMIT, LATER = "0123456789abcdef0123456789abcdef01234567", "f" * 40
FILES = {
    "model_index.json": b'{"_class_name": "Tiny", "vae": ["diffusers", "AutoencoderKL"]}',
    "vae/config.json": b"{}",
    "vae/diffusion_pytorch_model.safetensors": bytes(range(256)) * 400,
    "vae/diffusion_pytorch_model.bin": b"pickled",
    "vae/diffusion_pytorch_model.fp16.safetensors": b"half",
    "tokenizer/merges.txt": "ü é".encode(),
    "tiny-single-file.safetensors": b"everything once more",
    "README.md": b"words",
    "LICENSE.txt": b"Do as you like.",
    ".gitattributes": b"",
}
NEEDED = {"model_index.json", "vae/config.json", "vae/diffusion_pytorch_model.safetensors", "tokenizer/merges.txt",
          "LICENSE.txt"}  # fmt: skip


def load(loading: Loading) -> Denoiser:
    raise AssertionError("nothing is loaded here")


TINY = Family(
    name="tiny", words="for tests", checkpoints=(Checkpoint("us/tiny", "main", "CC0", "https://example.org", None),),
    side=8, sizes=((64, 32),), frames=FrameRule(4), window=9, latent_stride=4, controls=(), at_once=1, known=False,
    references=0, memory=(("none", 3.0), ("model", 1.0)), steps=2, cfg=1.0, guidance=Guidance(), load=load,
)  # fmt: skip


@dataclass
class Hub:
    """What the server has, and what it was asked for. status: of every answer about the repository, if not 200.

    moved: whether its branch stands at another commit by now.
    """

    address: str = ""
    asked: list[str] = field(default_factory=list)
    status: int = 200
    moved: bool = False
    code: str = ""
    broken: str = ""


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A server that speaks as much of the hub's language as a download needs, about one repository."""
    state = Hub()

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            state.asked.append(f"{self.command} {path}")
            if state.status != 200:
                self.send_response(state.status)
                self.send_header("X-Error-Code", state.code)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path.startswith("/api/models/us/tiny/revision/"):
                siblings = [{"rfilename": n, "size": len(b), "blobId": _oid(b)} for n, b in FILES.items()]
                sha = LATER if state.moved and path.endswith("/main") else COMMIT
                self._send(json.dumps({"id": "us/tiny", "sha": sha, "siblings": siblings}).encode())
            elif path == f"/api/models/us/tiny/tree/{COMMIT}":
                tree = [{"type": "file", "path": n, "size": len(b), "oid": _oid(b)} for n, b in FILES.items()]
                self._send(json.dumps(tree).encode())
            else:
                self._file(path.partition(f"/resolve/{COMMIT}/")[2])

        def _file(self, name: str) -> None:
            content = FILES[name]
            if name == state.broken and self.command == "GET":
                self.connection.close()
                return
            self._send(content, {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": COMMIT})

        def _send(self, content: bytes, headers: dict[str, str] | None = None) -> None:
            first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
            self.send_response(206 if first else 200)
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content[first:])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()


def _oid(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@pytest.fixture
def said() -> list[str]:
    return []


def test_only_what_diffusers_reads_is_fetched_and_named(hub: Hub, tmp_path: Path, said: list[str]) -> None:
    (record,) = fetch.get(TINY, tmp_path, hub.address, said.append)
    folder = tmp_path / "tiny"
    assert {name: (folder / name).read_bytes() for name in record.files} == {name: FILES[name] for name in NEEDED}
    assert set(record.files) == NEEDED
    assert record.commit == COMMIT
    assert not (folder / "README.md").exists()
    assert not (folder / "tiny-single-file.safetensors").exists()
    assert store.records(tmp_path, TINY) == (record,)
    assert store.weights_key(tmp_path, TINY) == record.key
    assert COMMIT[:12] in said[0]


def test_what_is_there_is_not_fetched_again(hub: Hub, tmp_path: Path, said: list[str]) -> None:
    fetch.get(TINY, tmp_path, hub.address, said.append)
    hub.asked.clear()
    fetch.get(TINY, tmp_path, hub.address, said.append)
    assert hub.asked == []
    assert "are there" in said[-1]


def test_a_stopped_download_goes_on(hub: Hub, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.broken = "vae/diffusion_pytorch_model.safetensors"
    with pytest.raises(ValueError, match="run the same command again"):
        fetch.get(TINY, tmp_path, hub.address, said.append)
    assert store.records(tmp_path, TINY) is None
    there = {p.name for p in (tmp_path / "tiny").rglob("*") if p.is_file()}
    assert "merges.txt" in there
    hub.broken, hub.moved = "", True
    hub.asked.clear()
    (record,) = fetch.get(TINY, tmp_path, hub.address, said.append)
    assert record.commit == COMMIT  # where it was begun, though the branch has moved on
    assert store.records(tmp_path, TINY) == (record,)
    assert not any(asked.startswith("GET") and asked.endswith("merges.txt") for asked in hub.asked)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "GatedRepo", "accept its licence first"),
        (404, "RepoNotFound", "there is no us/tiny"),
        (404, "RevisionNotFound", "no revision 'main'"),
        (503, "", "answered 503"),
    ],
)
def test_what_the_hub_refuses_is_one_sentence(
    hub: Hub, tmp_path: Path, said: list[str], status: int, code: str, words: str
) -> None:
    hub.status, hub.code = status, code
    with pytest.raises(ValueError, match=words) as raised:
        fetch.get(TINY, tmp_path, hub.address, said.append)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "tiny").exists()


def test_without_a_network_one_sentence(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(ValueError, match="mend the network") as raised:
        fetch.get(TINY, tmp_path, "http://127.0.0.1:9", said.append)
    assert "\n" not in str(raised.value)


def test_a_full_disk_is_told_before_anything_is_fetched(
    hub: Hub, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "LEFT_GB", 1e9)
    with pytest.raises(ValueError, match="--models-dir"):
        fetch.get(TINY, tmp_path, hub.address, said.append)
    assert not any("resolve" in asked for asked in hub.asked)


def _copy(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("where", ["", "tiny", "us/tiny", "us--tiny", f"models--us--tiny/snapshots/{COMMIT}"])
def test_a_folder_does_as_well_and_has_the_same_key(hub: Hub, tmp_path: Path, said: list[str], where: str) -> None:
    _copy(tmp_path / "stick" / where)
    (record,) = fetch.get(TINY, tmp_path / "models", str(tmp_path / "stick"), said.append)
    assert record.commit == (COMMIT if "snapshots" in where else "local")
    fetch.get(TINY, tmp_path / "hub", hub.address, said.append)
    assert store.weights_key(tmp_path / "models", TINY) == store.weights_key(tmp_path / "hub", TINY)


def test_what_is_mended_stays_at_its_commit(hub: Hub, tmp_path: Path, said: list[str]) -> None:
    fetch.get(TINY, tmp_path, hub.address, said.append)
    (tmp_path / "tiny" / "vae" / "config.json").unlink()
    hub.moved = True
    (record,) = fetch.get(TINY, tmp_path, hub.address, said.append)
    assert record.commit == COMMIT
    (copied,) = fetch.get(TINY, tmp_path / "copy", str(tmp_path), said.append)
    assert copied.commit == COMMIT
    (tmp_path / "tiny" / "vae" / "config.json").unlink()
    hub.status, hub.code = 404, "RevisionNotFound"
    with pytest.raises(ValueError, match=rf"us/tiny was begun at {COMMIT[:12]}, .* or delete .*tiny to begin anew"):
        fetch.get(TINY, tmp_path, hub.address, said.append)


def test_of_the_hub_s_cache_the_named_snapshot_is_taken(tmp_path: Path, said: list[str]) -> None:
    cached = tmp_path / "hub" / "models--us--tiny"
    for commit in (COMMIT, LATER):
        _copy(cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(LATER)
    (record,) = fetch.get(TINY, tmp_path / "models", str(tmp_path / "hub"), said.append)
    assert record.commit == LATER


def test_several_checkpoints_lie_in_folders_of_their_own(tmp_path: Path, said: list[str]) -> None:
    pair = replace(TINY, checkpoints=(TINY.checkpoints[0], Checkpoint("us/net", "main", "CC0", "", None, "net")))
    _copy(tmp_path / "stick" / "tiny")
    with pytest.raises(ValueError, match="no copy of us/net"):
        fetch.get(pair, tmp_path / "models", str(tmp_path / "stick"), said.append)
    for name, content in {"config.json": b"{}", "diffusion_pytorch_model.bin": b"old"}.items():
        (tmp_path / "stick" / "net").mkdir(exist_ok=True)
        (tmp_path / "stick" / "net" / name).write_bytes(content)
    assert len(fetch.get(pair, tmp_path / "models", str(tmp_path / "stick"), said.append)) == 2
    assert (tmp_path / "models" / "tiny" / "net" / "diffusion_pytorch_model.bin").read_bytes() == b"old"
    assert store.weights_key(tmp_path / "models", pair) != store.weights_key(tmp_path / "models", TINY)


def test_missing_or_short_files_are_said(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(ValueError, match="setpiece models get tiny"):
        store.weights_key(tmp_path, TINY)
    with pytest.raises(ValueError, match="there is no folder"):
        fetch.get(TINY, tmp_path, str(tmp_path / "nowhere"), said.append)
    _copy(tmp_path / "stick")
    fetch.get(TINY, tmp_path, str(tmp_path / "stick"), said.append)
    file = tmp_path / "tiny" / "vae" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="or not whole"):
        store.weights_key(tmp_path, TINY)
    fetch.get(TINY, tmp_path, str(tmp_path / "stick"), said.append)
    assert file.read_bytes() == FILES["vae/diffusion_pytorch_model.safetensors"]


def test_a_changed_byte_changes_the_key(tmp_path: Path, said: list[str]) -> None:
    keys = []
    for byte in (b"a", b"b"):
        _copy(tmp_path / "stick")
        (tmp_path / "stick" / "vae" / "config.json").write_bytes(byte)
        fetch.get(TINY, tmp_path / byte.decode(), str(tmp_path / "stick"), said.append)
        keys.append(store.weights_key(tmp_path / byte.decode(), TINY))
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["config.json", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"], 2),
        (["model_index.json", "unet/x.fp16.safetensors"], 2),
        (["model_index.json", "unet/x-00001-of-2.safetensors", "unet/x.fp16-00001-of-2.safetensors"], 2),
        (["model_index.json", "unet/x.bin", "unet/flax_model.msgpack", "unet/model.onnx"], 2),
        (["README.md", "picture.png"], 0),
    ],
)
def test_needed(names: list[str], wanted: int) -> None:
    assert fetch.needed(names) == tuple(sorted(names[:wanted]))


def test_the_folder_of_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "said"))
    assert store.models_folder() == tmp_path / "said"
    assert store.models_folder(tmp_path / "asked") == tmp_path / "asked"
    monkeypatch.delenv(store.VARIABLE)
    assert store.models_folder().parts[-2:] == ("setpiece", "models")


def test_a_checkpoint_may_want_but_a_few_files(hub: Hub, tmp_path: Path, said: list[str]) -> None:
    few = replace(TINY, checkpoints=(replace(TINY.checkpoints[0], files=("tiny-*.safetensors", "vae/*.json")),))
    (record,) = fetch.get(few, tmp_path, hub.address, said.append)
    assert set(record.files) == {"tiny-single-file.safetensors", "vae/config.json", "LICENSE.txt"}
    alone = replace(few.checkpoints[0], files=("*.safetensors",))
    assert fetch.chosen(alone, ["a-lora.safetensors", "b.bin", "README.md"]) == ("a-lora.safetensors",)


def test_models_share_what_both_ask_for(hub: Hub, tmp_path: Path, said: list[str]) -> None:
    fetch.get(TINY, tmp_path, hub.address, said.append)
    hub.asked.clear()
    twin = replace(TINY, name="twin")
    assert fetch.get(twin, tmp_path, hub.address, said.append) == store.records(tmp_path, TINY)
    assert hub.asked == []
    assert "shared with tiny" in said[-1]
    weights = "vae/diffusion_pytorch_model.safetensors"
    assert (tmp_path / "twin" / weights).samefile(tmp_path / "tiny" / weights)
    few = replace(TINY, name="few", checkpoints=(replace(TINY.checkpoints[0], files=("vae/*.json",)),))
    assert len(fetch.get(few, tmp_path, hub.address, said.append)[0].files) == 2
    assert hub.asked
