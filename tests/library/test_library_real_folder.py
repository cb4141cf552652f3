"""Three hundred real photos are described, written to and given back as they were."""

import asyncio
from collections import Counter
from dataclasses import replace
import hashlib
import logging
from pathlib import Path
import shutil

from library_helpers import done, photos, result_of, until
import pytest
from real_photos import fill
from serving import serving

from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.metadata import read_metadata
from edge_runtime.picture_hash import picture_hash
from edge_runtime.watcher import is_photo

LOG = logging.getLogger(__name__)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
DROPPED = 40


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def pictures(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): picture_hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and is_photo(path.name.encode())
    }


def human_words(folder: Path) -> dict[str, Counter[str]]:
    """Return every text in the metadata of every photo that is not ours."""
    found = {}
    for name in pictures(folder):
        try:
            said = read_metadata(folder / name)
        except EdgeRuntimeError:
            continue
        texts = [one.text for one in (*said.captions, *said.titles, *said.comments)
                 if not one.ours]  # fmt: skip
        texts += [one.text for one in said.alt_texts if not one.ours]
        found[name] = Counter(texts)
    return found


@pytest.mark.parametrize("mode", ["embed", "sidecar"])
async def test_a_real_folder_loses_nothing(settings, tmp_path, folder, mode):
    everything = tmp_path / "everything"
    count = len(fill(everything))
    assert count >= 300
    before, words = digests(everything), human_words(everything)
    hashes = pictures(everything)
    late = sorted(hashes)[:: max(1, count // DROPPED)][:DROPPED]
    shutil.copytree(everything, folder, dirs_exist_ok=True)
    for name in late:
        (folder / name).unlink()
    async with serving(replace(settings, verify=True)) as service:
        source = await service.library.add(
            str(folder), {"write_metadata": mode, "automatic": False, "poll_s": 5}
        )
        job = await service.library.enqueue("scan_folder", source.id, {}, "test")
        for name in late:  # files that drop in while it works
            partial = (folder / name).with_name(f".syncthing.{Path(name).name}.tmp")
            shutil.copy2(everything / name, partial)
            await asyncio.sleep(0.02)
            partial.rename(folder / name)
        result_of(await service.jobs.wait(job.id))

        async def all_seen():
            counts = await service.store.files.counts(source.id)
            files = await service.store.files.known(source.id)
            return len(files.paths) == count and counts

        counts = await until(all_seen, 60)
        imported = sum(bool(one.captions) for one in await photos(service))
        LOG.info("%d files: %s, %d imported captions", count, counts, imported)
        described = await done(service, "caption_folder", source.id)
        LOG.info("%s", described)
        assert described["captioned"] + described["shared"] > counts.photos // 2
        accepted = await done(service, "accept_folder", source.id, verdict=None)
        await service.library.writer.when_idle()
        after = digests(folder)
        changed = [name for name in before if after.get(name) != before[name]]
        added = sorted(set(after) - set(before))
        LOG.info("%s, %d changed, %d added", accepted, len(changed), len(added))
        assert (len(changed) if mode == "embed" else len(added)) > 100
        assert pictures(folder) == hashes
        now = human_words(folder)
        lost = {name: words[name] - now[name] for name in words}
        assert not {name: texts for name, texts in lost.items() if texts}
        assert not [name for name in added if not name.lower().endswith(".xmp")]
        again = await done(service, "scan_folder", source.id)
        assert (again["added"], again["removed"]) == (0, 0)
        restored = await service.library.restore(source.id, "test")
        result = result_of(await service.jobs.wait(restored.id))
        LOG.info("%s", result)
        assert result["failed"] == 0
        assert result["identical"] == result["restored"]
    assert digests(folder) == before
