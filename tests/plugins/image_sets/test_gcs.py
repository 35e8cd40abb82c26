"""gs:// over real HTTP against an emulator: what is listed, fetched, kept and written, and what each fault costs."""

from __future__ import annotations

import gzip
import os
import pickle
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.core.page import PageError
from ecgbench.core.truth import RemotePage, Truth
from ecgbench.fetching import FetchAhead
from ecgbench.plugins.image_sets.folder import open_folder
from ecgbench.plugins.image_sets.gcs import images, service
from ecgbench.plugins.image_sets.gcs.cache import Cache, cache_of_environment, read_size
from ecgbench.plugins.image_sets.gcs.images import GcsSet, open_bucket
from ecgbench.plugins.image_sets.gcs.picture import GcsPicture, fetch
from ecgbench.plugins.image_sets.gcs.results import check_target, upload_files
from ecgbench.plugins.image_sets.gcs.stored import GcsError, StoredObject
from ecgbench.plugins.image_sets.truth_files import TruthError, write_pages
from ecgbench.registry import default_registry
from faults.buckets import BucketService

open_page = default_registry().open_page


def png(seed: int = 0, side: int = 64) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def opened(spec: str) -> GcsSet:
    found = open_bucket(spec)
    assert found is not None
    return found


def names(spec: str) -> list[str]:
    return [case.name for case in opened(spec)]


def stored(name: str = "a.png", bucket: str = "scans") -> StoredObject:
    return service.find_object(bucket, name)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of a second, so that tests of hanging lines are short; they hold the same way."""
    monkeypatch.setattr(service, "SECONDS", 1.0)
    monkeypatch.setattr(service, "SILENT_SECONDS", 0.5)


def test_a_prefix_is_listed_in_the_order_of_names_without_hidden_objects_and_truth(gcs: BucketService) -> None:
    for name in (
        "b.png",
        "a.JPG",
        "sub/2.tiff",
        "sub/.hidden.png",
        ".cache/x.png",
        "b.trace.png",
        "b.json",
        "notes.txt",
        "sub/deep/x.webp",
    ):
        gcs.put("scans", name, b"x")
    assert names("gs://scans") == ["a.JPG", "b.png", "sub/2.tiff", "sub/deep/x.webp"]
    assert names("gs://scans/sub") == names("gs://scans/sub/") == ["2.tiff", "deep/x.webp"]
    assert names("gs://scans/sub/d") == ["deep/x.webp"]
    assert opened("gs://scans").count() == 4


def test_one_picture_is_a_set_of_one(gcs: BucketService) -> None:
    for name in ("p/a.png", "p/a.png.bak", "p/a.jpg", "p/a.json"):
        gcs.put("scans", name, b"{}")
    (case,) = opened("gs://scans/p/a.png")
    assert (case.name, case.info.source) == ("a.png", "gs://scans/p/a.png")


def test_listing_fetches_no_picture_and_a_picture_is_fetched_once(gcs: BucketService) -> None:
    gcs.put("scans", "a.png", png())
    (case,) = opened("gs://scans")
    assert gcs.downloads() == 0
    assert case.info.content_id == stored().content_id == f"gcs:{stored().generation}:{stored().crc32c}"
    page = open_page(pickle.loads(pickle.dumps(case.source)))
    assert (page.shape, page.name, page.origin) == ((64, 64), "a.png", "gs://scans/a.png")
    assert np.array_equal(open_page("gs://scans/a.png").bgr, page.bgr)
    assert gcs.downloads() == 1


def test_a_new_version_of_an_object_is_another_content_and_is_fetched_anew(gcs: BucketService) -> None:
    gcs.put("scans", "a.png", png(1))
    (old,) = opened("gs://scans")
    open_page(old.source)
    gcs.put("scans", "a.png", png(2, side=32))
    (new,) = opened("gs://scans")
    assert new.info.content_id != old.info.content_id
    assert open_page(new.source).shape == (32, 32)


def test_truth_beside_pictures_is_that_of_the_same_folder(gcs: BucketService, tmp_path: Path) -> None:
    spec = "synthetic?count=2&seed=3&dpi=72"
    list(write_pages(default_registry().open_images(spec), tmp_path / "pages"))
    (tmp_path / "pages" / "lone.png").write_bytes(png())
    (tmp_path / "pages" / "lone.csv").write_text("time,II\n0,0.1\n0.01,0.2\n")
    gcs.put_folder("scans", tmp_path / "pages", "set/")
    local = open_folder(str(tmp_path / "pages"))
    assert local is not None
    for ours, theirs in zip(opened("gs://scans/set"), local, strict=True):
        assert (ours.name, ours.info.record, ours.info.layout) == (theirs.name, theirs.info.record, theirs.info.layout)
        assert same(pickle.loads(pickle.dumps(ours)).read_truth(), theirs.read_truth())


def same(a: Truth, b: Truth) -> bool:
    for name in ("trace_mask", "grid_mask", "label_mask", "corners"):
        one, other = getattr(a, name), getattr(b, name)
        if (one is None) != (other is None) or (one is not None and not np.array_equal(one, other)):
            return False
    leads = [{} if each.signals is None else each.signals.leads for each in (a, b)]
    shared = leads[0].keys() == leads[1].keys()
    return shared and all(np.array_equal(leads[0][name], leads[1][name], equal_nan=True) for name in leads[0])


def test_a_wfdb_record_beside_a_picture_may_name_its_signal_file_as_it_likes(gcs: BucketService) -> None:
    gcs.put("scans", "a.png", png())
    gcs.put("scans", "a.hea", b"a 1 100 3\nsamples.dat 16 1000/mV 16 0 0 0 0 II\n")
    gcs.put("scans", "samples.dat", np.array([100, 200, 300], "<i2").tobytes())
    (case,) = opened("gs://scans")
    signals = case.read_truth().signals
    assert signals is not None
    assert np.allclose(signals.leads["II"], [0.1, 0.2, 0.3])


def test_a_broken_truth_file_is_its_case_s_error_and_names_the_object(gcs: BucketService) -> None:
    gcs.put("scans", "p/a.png", png())
    gcs.put("scans", "p/a.json", b'{"format": "ecgbench-truth", "version": 1, "trace_mask": "gone.png"}')
    gcs.put("scans", "p/b.png", png())
    broken, whole = opened("gs://scans")
    with pytest.raises(TruthError, match=r"gs://scans/p/a\.json .*gs://scans/p/gone\.png"):
        broken.read_truth()
    assert open_page(whole.source).shape == (64, 64)


@pytest.mark.parametrize(
    ("kind", "times", "said"),
    [
        ("404", None, r"There is no gs://scans/a\.png"),
        ("403", None, "no Google credentials were found; run `gcloud auth application-default login`"),
        ("503", 2, None),
        ("503", None, r"did not deliver gs://scans/a\.png within 1 s"),
        ("reset", 1, None),
        ("corrupt", 1, None),
        ("corrupt", None, "wrong checksum 2 times"),
        ("slow", None, r"did not deliver gs://scans/a\.png within 1 s"),
        ("hang", None, r"did not deliver gs://scans/a\.png within 1 s"),
    ],
)
def test_a_fault_costs_its_picture_a_sentence_or_nothing_within_seconds(
    gcs: BucketService, hasty: None, kind: str, times: int | None, said: str | None
) -> None:
    for name in ("a.png", "b.png"):
        gcs.put("scans", name, png())
    first, second = opened("gs://scans")
    gcs.fail("a.png?alt=media", kind, times=times)
    start = time.monotonic()
    if said is None:
        assert open_page(first.source).shape == (64, 64)
    else:
        with pytest.raises(PageError, match=said) as raised:
            open_page(first.source)
        assert "\n" not in str(raised.value)
    assert time.monotonic() - start < 30  # two orders above what it takes; the library would try for 120
    assert open_page(second.source).shape == (64, 64)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (None, "no pictures at gs://empty"),
        ("404", "gs://empty/ cannot be listed: there is no such bucket"),
        ("403", "no Google credentials"),
        ("hang", "did not deliver"),
    ],
)
def test_a_bucket_that_cannot_be_listed_is_one_sentence(gcs: BucketService, hasty: None, fault: str | None, said: str) -> None:
    gcs.put("empty", "notes.txt", b"x")
    if fault:
        gcs.fail("/b/empty/o", fault)
    with pytest.raises(SpecError, match=said):
        open_bucket("gs://empty/")


@pytest.mark.parametrize(
    "spec", ["gs://", "gs:///a.png", "gs://A_bucket/x", "gs://b/x", "gs://scans/" + "x" * 1025, "gs://scans/a\nb"]
)
def test_what_no_bucket_or_object_is_called_is_said_without_asking(spec: str) -> None:
    with pytest.raises(SpecError, match="no bucket|names no object"):
        open_bucket(spec)


def test_other_specs_are_left_to_others() -> None:
    assert [open_bucket(spec) for spec in ("scans/", "s3://bucket/x", "demo", "")] == [None] * 4


def test_gzipped_objects_are_unpacked_up_to_a_limit(gcs: BucketService) -> None:
    packed = StoredObject("scans", "a.png", 1, 1, "", gzipped=True)
    assert service.unpacked(packed, gzip.compress(b"picture"), 100) == b"picture"
    assert service.unpacked(packed, b"no gzip at all", 100) == b"no gzip at all"
    with pytest.raises(GcsError, match="unpacks to more"):
        service.unpacked(packed, gzip.compress(bytes(10_000)), 100)


def test_an_object_above_a_limit_is_not_even_fetched(gcs: BucketService) -> None:
    gcs.put("scans", "a.png", png())
    with pytest.raises(GcsError, match="above the limit"):
        fetch(stored(), None, most=10)
    assert gcs.downloads() == 0


def test_the_cache_keeps_below_its_size_and_drops_what_was_not_used_for_longest(gcs: BucketService, tmp_path: Path) -> None:
    cache = Cache(str(tmp_path / "small"), 40_000)
    for number in range(12):
        gcs.put("scans", f"{number:02}.png", bytes([number]) * 4000)
        fetch(stored(f"{number:02}.png"), cache)
        fetch(stored("00.png"), cache)  # used again and again, so it stays
    files = list((tmp_path / "small").rglob("*.png"))
    assert 20_000 < sum(path.stat().st_size for path in files) <= 40_000
    assert gcs.downloads("00.png") == 1
    assert cache.read(stored("01.png")) is None


def test_a_file_of_the_cache_that_was_damaged_is_fetched_again(gcs: BucketService, tmp_path: Path) -> None:
    gcs.put("scans", "a.png", png())
    cache = Cache(str(tmp_path), 10**9)
    fetch(stored(), cache)
    path = Path(cache.path(stored()))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert fetch(stored(), cache) == png() == path.read_bytes()


def test_many_who_want_one_object_at_once_fetch_it_once(gcs: BucketService, tmp_path: Path) -> None:
    gcs.put("scans", "a.png", png())
    found = stored()
    came: list[bytes] = []
    together(8, lambda: came.append(fetch(found, Cache(str(tmp_path), 10**9))))
    assert came == [png()] * 8
    assert gcs.downloads() == 1


def test_who_waited_for_a_download_that_failed_fails_with_it(gcs: BucketService, hasty: None, tmp_path: Path) -> None:
    gcs.put("scans", "a.png", png())
    found = stored()
    gcs.fail("alt=media", "hang")
    said: list[str] = []

    def ask() -> None:
        with pytest.raises(GcsError) as raised:
            fetch(found, Cache(str(tmp_path), 10**9))
        said.append(str(raised.value))

    together(4, ask)
    assert len(set(said)) == 1
    assert len(said) == 4
    assert gcs.downloads() <= 3  # tries of one who asked; four would have made eight and more


def together(count: int, action: object) -> None:
    threads = [threading.Thread(target=action) for _ in range(count)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/version").exists(), reason="needs a folder that cannot be made")
def test_a_cache_that_cannot_be_used_is_one_sentence(gcs: BucketService) -> None:
    gcs.put("scans", "a.png", png())
    with pytest.raises(GcsError, match=r"cache folder /proc/version/x cannot be used .*--cache-dir"):
        fetch(stored(), Cache("/proc/version/x", 10**9))


def test_the_environment_says_where_and_how_large_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECGBENCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("ECGBENCH_CACHE_SIZE", "2MB")
    assert cache_of_environment() == Cache(str(tmp_path), 2_000_000)
    monkeypatch.setenv("ECGBENCH_CACHE_SIZE", "0")
    assert cache_of_environment() is None
    for wrong in ("much", "10", "-1GB"):
        with pytest.raises(GcsError, match="written 10GB"):
            read_size(wrong)


def test_pictures_are_fetched_before_their_turn_and_items_keep_their_order(gcs: BucketService, tmp_path: Path) -> None:
    for number in range(40):
        gcs.put("scans", f"{number:02}.png", png(number, side=8))
    cases = list(opened("gs://scans"))
    assert isinstance(cases[0].source, RemotePage)
    ahead = FetchAhead()
    given = ahead.through(cases, lambda case: case.source)
    assert next(given) == cases[0]
    until = time.monotonic() + 30
    while ahead.fetched < 33 and time.monotonic() < until:
        time.sleep(0.01)
    assert ahead.fetched == 33  # the first, and those that may be looked at before their turn
    assert list(given) == cases[1:]


def test_results_are_written_below_a_prefix(gcs: BucketService, tmp_path: Path) -> None:
    gcs.put("results", "other.txt", b"x")
    (tmp_path / "monday.csv").write_text("case\n")
    (tmp_path / "monday.html").write_text("<p>")
    files = [tmp_path / "monday.csv", tmp_path / "monday.html"]
    assert list(upload_files(files, "gs://results/2026")) == ["gs://results/2026/monday.csv", "gs://results/2026/monday.html"]
    assert gcs.get("results", "2026/monday.csv") == b"case\n"
    with pytest.raises(GcsError, match=r"gs://nowhere/monday\.csv cannot be written: there is no such bucket"):
        list(upload_files(files, "gs://nowhere"))
    with pytest.raises(GcsError, match="write gs://BUCKET/PREFIX"):
        check_target("results/")


def test_without_the_extra_every_door_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "google.api_core", None)
    service._library.cache_clear()
    service._connect.cache_clear()
    for act in (
        lambda: images.open_bucket("gs://scans"),
        lambda: open_page("gs://scans/a.png"),
        lambda: check_target("gs://results"),
    ):
        with pytest.raises((SpecError, PageError), match=r"pip install 'ecg-image-bench\[gcs\]'"):
            act()


def test_a_picture_that_was_replaced_during_a_run_says_so(gcs: BucketService) -> None:
    gcs.put("scans", "a.png", png(1))
    picture = GcsPicture(stored())
    gcs.put("scans", "a.png", png(2, side=80))  # the emulator gives the new bytes for the old version; the service says 404
    with pytest.raises(PageError, match="was replaced meanwhile|wrong checksum"):
        open_page(picture)
