# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of pictures in the library: how one is named and found, and how it stays with a prop."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway import StandInGateway
from support.picture_sets import PictureBench, picture_request, source_uri
from support.rooms import Rooms

from trellis_addon.core.errors import InputError, InvalidRequestError, NewerRecordError
from trellis_addon.core.pictures.chosen_picture import ChosenPicture
from trellis_addon.library.library import Library
from trellis_addon.library.pictures.picture_library import PictureLibrary
from trellis_addon.library.pictures.picture_set import data_uri_of
from trellis_addon.library.pictures.reference import keep_reference


def test_a_chosen_picture_stays_with_the_prop(stand_in: StandInGateway, tmp_path: Path) -> None:
    ran = PictureBench(stand_in, tmp_path).run(picture_request(count=2))
    chosen = ChosenPicture(ran.folder.id, 2)
    folder = Rooms("trellis_addon").new_folder(
        tmp_path, image_url=data_uri_of(ran.folder.picture(2))
    )
    record = keep_reference(folder, chosen, tmp_path)
    assert record.reference == {"file": "reference.png", "set": ran.folder.id, "number": 2}
    content = ran.contents[1]
    ran.folder.picture(2).unlink()
    assert (folder.path / "reference.png").read_bytes() == content
    assert folder.holds(folder.read(), "reference.png")
    assert [one.id for one in Library(tmp_path).folders()] == [folder.id]


def test_names_of_pictures() -> None:
    assert ChosenPicture.of("a-red-chair-0123456789ab:3") == ChosenPicture(
        "a-red-chair-0123456789ab", 3
    )
    assert str(ChosenPicture("a", 10)) == "a:10"
    for text in ("chair.png", "a:0", "a:", "C:\\pictures\\1.png", "/a/b:3", "https://x/1.png"):
        assert ChosenPicture.of(text) is None


def test_sets_are_found_by_the_beginning_of_their_id(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    bench = PictureBench(stand_in, tmp_path)
    first = bench.run(picture_request(count=1)).folder
    second = bench.run(picture_request(count=1, prompt="a vase")).folder
    library = PictureLibrary(tmp_path)
    assert library.find("red-chair") == first
    assert library.find(second.id) == second
    assert [one.id for one, _ in library.sets()] == [second.id, first.id]
    with pytest.raises(InputError, match="no pictures"):
        library.find("lamp")
    bench.run(picture_request(count=1, again=1))
    with pytest.raises(InputError, match="2 sets"):
        library.find("red-chair")
    with pytest.raises(InputError, match="no picture 2"):
        first.picture(2)


def test_the_key_tells_requests_apart() -> None:
    base = picture_request()
    assert base.key == picture_request().key
    others = [
        picture_request(prompt="b"),
        picture_request(suffix=""),
        picture_request(count=3),
        picture_request(size="32x32"),
        picture_request(seed=0),
        picture_request(model="other"),
        picture_request(source=source_uri()),
        base.once_more(),
    ]
    assert len({base.key, *(other.key for other in others)}) == len(others) + 1
    assert picture_request(prompt="caf\u00e9").key == picture_request(prompt="cafe\u0301").key


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"prompt": " "}, "prompt"),
        ({"count": 0}, "count"),
        ({"count": 11}, "count"),
        ({"size": "big"}, "size"),
        ({"source": "data:image/svg+xml;base64,AA=="}, "source"),
        ({"model": ""}, "model"),
    ],
)
def test_values_that_cannot_be_asked_for(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        picture_request(**values)
    assert caught.value.field == field


def test_a_record_of_a_newer_version_is_left_alone(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    ran = PictureBench(stand_in, tmp_path).run(picture_request(count=1))
    path = ran.folder.path / "pictures.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(NewerRecordError):
        PictureBench(stand_in, tmp_path).run(picture_request(count=1))
    assert len(stand_in.payments) == 1
